"""A sweep that goes on: found by its overrides."""

from dataclasses import replace

import pytest

from earmark.experiments.sweep.resume import find_sweep, lasting
from earmark.foundation.errors import EarmarkError


@pytest.mark.parametrize("item", ["hydra/launcher=joblib", "hydra.sweep.dir=x", "sweep.resume=true"])
def test_settings_of_how_a_sweep_is_run_do_not_last(item):
    assert lasting(["a=1", item, "+b.sweep=2"]) == ("a=1", "+b.sweep=2")


def test_the_newest_of_the_same_overrides_is_found(sweep, tmp_path):
    runs = tmp_path / "runs"
    replace(sweep, folder=runs / "today" / "later", started="2026-01-01T13:00:00.000+00:00").write()
    replace(sweep, folder=runs / "other", started="2027", overrides=("split.fold=0,1",)).write()
    replace(sweep, folder=runs / "evaluate", started="2027", stage="evaluate").write()
    assert find_sweep(runs, "train", [*sweep.overrides, "sweep.resume=true"]).folder.name == "later"


def test_where_there_is_none_the_error_names_the_overrides(sweep, tmp_path):
    with pytest.raises(
        EarmarkError, match=r"no sweep of train below .*runs had the overrides split.fold=2,3"
    ):
        find_sweep(tmp_path / "runs", "train", ["split.fold=2,3"])
    with pytest.raises(EarmarkError, match=r"sweep\.resume=true"):
        find_sweep(tmp_path / "nowhere", "train", sweep.overrides)
