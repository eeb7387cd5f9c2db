"""The sweeper that Hydra instantiates; the work is in `earmark.experiments.sweep.optuna_search`.

Hydra imports this module whenever it starts: nothing heavy here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hydra.plugins.sweeper import Sweeper

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


class OptunaSweeper(Sweeper):
    """A search by Optuna over the sweeps of the command line, or over `params` where it has none."""

    def __init__(
        self,
        n_trials: int,
        n_jobs: int,
        direction: str,
        storage: str,
        study_name: str | None,
        sampler: Mapping[str, Any],
        params: Mapping[str, str] | None = None,
    ) -> None:
        """Take the settings of conf/hydra/sweeper/optuna.yaml, which says what they mean."""
        self.n_trials, self.n_jobs, self.direction = n_trials, n_jobs, direction
        self.storage, self.study_name = storage, study_name
        self.sampler, self.params = sampler, dict(params or {})

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra gives a sweeper, and make the launcher that its config names."""
        from hydra.core.plugins import Plugins

        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Search.

        Args:
            arguments: Overrides of the command line; those with several values, or an interval, are searched.
        """
        from hydra.core.override_parser.overrides_parser import OverridesParser

        from earmark.experiments.sweep.optuna_search import search

        context, launcher = self.hydra_context, self.launcher
        assert context is not None  # Hydra calls setup first
        assert launcher is not None
        parser = OverridesParser.create(config_loader=context.config_loader)

        def launch(jobs: Sequence[Sequence[str]], first: int) -> Sequence[JobReturn]:
            self.validate_batch_is_legal(jobs)  # what cannot be composed ends the search
            return launcher.launch(jobs, initial_job_idx=first)

        search(self, parser.parse_overrides, arguments, launch)
