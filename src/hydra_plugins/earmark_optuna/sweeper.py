"""The sweeper that Hydra instantiates; the work is in `earmark.experiments.sweep.optuna_search`.

Hydra imports this module whenever it starts: nothing heavy here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.plugins.sweeper import Sweeper


class OptunaSweeper(Sweeper):
    """A search by Optuna over the sweeps of the command line, or over `params` where it has none.

    See conf/hydra/sweeper/optuna.yaml for the settings.
    """

    def __init__(
        self,
        n_trials: int,
        n_jobs: int,
        direction: str,
        storage: str,
        study_name: str | None,
        sampler: Any,
        params: Mapping[str, str] | None = None,
    ) -> None:
        self.n_trials, self.n_jobs, self.direction = n_trials, n_jobs, direction
        self.storage, self.study_name = storage, study_name
        self.sampler, self.params = sampler, dict(params or {})

    def setup(self, *, hydra_context: Any, task_function: Any, config: Any) -> None:
        from hydra.core.plugins import Plugins

        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        from hydra.core.override_parser.overrides_parser import OverridesParser

        from earmark.experiments.sweep.optuna_search import search

        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)

        def launch(jobs: Sequence[Sequence[str]], first: int) -> Sequence[Any]:
            self.validate_batch_is_legal(jobs)  # what cannot be composed ends the search
            return self.launcher.launch(jobs, initial_job_idx=first)

        search(self, parser.parse_overrides, arguments, launch)
