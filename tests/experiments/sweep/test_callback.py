"""A sweep is opened before its jobs, and ended whatever happens."""

import warnings

import pytest
from hydra._internal.callbacks import Callbacks
from hydra.errors import HydraException
from omegaconf import OmegaConf

from earmark.experiments.sweep import callback, summing_up
from earmark.experiments.sweep.callback import SweepCallback, ending
from earmark.foundation.errors import EarmarkError


@pytest.fixture
def finished(monkeypatch):
    """The calls of `finish`, which is replaced."""
    calls = []
    monkeypatch.setattr(summing_up, "finish", lambda *arguments: calls.append(arguments))
    yield calls
    SweepCallback.opened = None


@pytest.fixture
def hydra(tmp_path):
    """Hydra's part, see `call_back`, for a sweep in a folder of its own."""
    return lambda *arguments, **settings: call_back(tmp_path / "here", *arguments, **settings)


def call_back(folder, stage="train", then=None):
    """Let Hydra call the callback, then raise what its sweeper would; the warnings."""
    callbacks = {"sweep": {"_target_": "earmark.experiments.sweep.callback.SweepCallback"}}
    here = {"callbacks": callbacks, "job": {"name": stage}, "sweep": {"dir": str(folder)}}
    config = OmegaConf.create({"hydra": here})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Callbacks(config).on_multirun_start(config=config)
    if then is not None:
        raise then
    return [str(one.message) for one in caught]


@pytest.mark.parametrize(
    ("overrides", "constant", "first"),
    [
        (["a=1", "b=2,3"], ["a"], ["a=1", "b=2"]),
        (["split.fold=range(4)", "model=a,b"], [], ["split.fold=0", "model=a"]),
        (["x=interval(0, 1)", "y=[1,2]", "++z=1"], ["y", "z"], ["y=[1,2]", "++z=1"]),
        (['data.group_pattern="^(.*?)_"'], ["data.group_pattern"], ['data.group_pattern="^(.*?)_"']),
    ],
)
def test_what_varies_and_the_first_job(overrides, constant, first):
    assert callback.constant_and_first(overrides) == (constant, first)


def test_a_sweep_that_cannot_be_opened_stops_hydra(monkeypatch, finished, tmp_path, hydra):
    def refuse(_):
        raise EarmarkError("no server")

    monkeypatch.setattr(callback, "open_sweep", refuse)
    with pytest.raises(EarmarkError, match="no server"), ending(tmp_path):
        hydra()
    assert finished == []


def test_a_sweep_that_runs_already_is_not_opened(monkeypatch, finished, tmp_path, hydra, sweep):
    monkeypatch.setattr(callback, "open_sweep", lambda _: sweep)
    message = r"^another process runs the sweep in .*here: let it end, or end it; what it did is kept$"
    with ending(tmp_path):
        hydra()
        other = SweepCallback.lock
        with pytest.raises(EarmarkError, match=message), ending(tmp_path):
            hydra()
        assert SweepCallback.lock is None
        other.release()
    assert finished == []  # by the other process
    with ending(tmp_path):
        hydra()
    assert len(finished) == 1


def test_other_stages_have_no_run(monkeypatch, finished, tmp_path, hydra):
    monkeypatch.setattr(callback, "open_sweep", lambda _: pytest.fail("opened"))
    with ending(tmp_path):
        assert hydra("features") == []
    assert finished == []


def test_a_sweep_ends_after_its_jobs(monkeypatch, finished, tmp_path, hydra, sweep):
    monkeypatch.setattr(callback, "open_sweep", lambda _: sweep)
    with ending(tmp_path):
        hydra()
        assert finished == []
    assert finished == [(sweep, tmp_path, None)]


@pytest.mark.parametrize("error", [HydraException("no convnot"), EarmarkError("x"), KeyboardInterrupt()])
def test_a_sweep_ends_with_what_ended_it(monkeypatch, finished, tmp_path, hydra, sweep, error):
    monkeypatch.setattr(callback, "open_sweep", lambda _: sweep)
    with pytest.raises(type(error)) as caught, ending(tmp_path):
        hydra(then=error)
    assert caught.value is error
    assert finished == [(sweep, tmp_path, error)]


def test_a_worker_that_died_is_one_line_and_a_traceback_in_the_folder(
    monkeypatch, finished, tmp_path, hydra, sweep
):
    monkeypatch.setattr(callback, "open_sweep", lambda _: sweep)
    message = r"^the sweep ended before its time: RuntimeError: killed \(see .*traceback.txt\); .*resume=true"
    with pytest.raises(EarmarkError, match=message), ending(tmp_path):
        hydra(then=RuntimeError("killed"))
    assert "RuntimeError: killed" in (sweep.folder / "traceback.txt").read_text()
    assert len(finished) == 1
