"""Fill a stage's output folder from the store."""

import os
from functools import partial
from pathlib import Path

import pytest

from earmark.foundation.errors import EarmarkError, PieceError
from earmark.store import Store
from earmark.store.executor import Loky
from earmark.store.fill import Task, fill
from earmark.store.remote import Remote


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "audio"


@pytest.fixture
def made(tmp_path):
    """The pieces made so far, each time one is."""
    return tmp_path / "made.txt"


@pytest.fixture
def task(made):
    def make(path, piece_id, error):
        with made.open("a") as file:
            file.write(f"{piece_id} ")
        if error:
            raise error
        path.write_text(f"sound of {piece_id}")

    def task(piece_id, key=None, error=None):
        return Task(
            piece_id, key or 4 * piece_id, f"{piece_id}.wav", partial(make, piece_id=piece_id, error=error)
        )

    return task


def names(folder):
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("workers", [1, 2])
def test_the_folder_holds_the_files_of_the_tasks(store, folder, task, workers):
    reasons = fill(store, Loky(workers), "audio", [task("a"), task("b"), task("c")], folder, "render")
    assert reasons == {}
    assert names(folder) == ["a.wav", "b.wav", "c.wav"]
    assert (folder / "b.wav").read_text() == "sound of b"
    assert os.path.samefile(folder / "a.wav", store.path("audio", "aaaa", ".wav"))


def test_what_is_there_is_not_made_again(store, folder, task, made):
    fill(store, Loky(1), "audio", [task("a"), task("b")], folder, "render")
    fill(store, Loky(1), "audio", [task("a"), task("b"), task("c")], folder, "render")
    assert made.read_text().split() == ["a", "b", "c"]


def test_where_all_is_there_no_worker_is_started(store, folder, task):
    fill(store, Loky(1), "audio", [task("a")], folder, "render")
    fill(store, None, "audio", [task("a")], folder, "render")  # there is nothing to call
    assert names(folder) == ["a.wav"]


def test_a_run_from_elsewhere_gets_the_same_files(store, folder, task, made, tmp_path):
    for place in (folder, tmp_path / "runs" / "1" / "audio"):
        fill(store, Loky(1), "audio", [task("a")], place, "render")
        assert names(place) == ["a.wav"]
    assert made.read_text().split() == ["a"]


def test_strangers_go_and_so_does_what_is_no_longer_asked_for(store, folder, task):
    fill(store, Loky(1), "audio", [task("a"), task("b")], folder, "render")
    (folder / "notes.txt").write_text("mine")
    fill(store, Loky(1), "audio", [task("b")], folder, "render")
    assert names(folder) == ["b.wav"]
    assert store.find("audio", "aaaa", ".wav")  # what was made stays in the store


def test_a_changed_key_replaces_the_file(store, folder, task):
    fill(store, Loky(1), "audio", [task("a", "1111")], folder, "render")
    fill(store, Loky(1), "audio", [task("a", "2222")], folder, "render")
    assert os.path.samefile(folder / "a.wav", store.path("audio", "2222", ".wav"))


def test_a_failed_piece_has_a_reason_and_no_file_and_the_others_have_theirs(store, folder, task):
    fill(store, Loky(1), "audio", [task("b", "1111")], folder, "render")
    tasks = [task("a"), task("b", error=PieceError("no notes")), task("c")]
    assert fill(store, Loky(1), "audio", tasks, folder, "render") == {"b": "no notes"}
    assert names(folder) == ["a.wav", "c.wav"]


def test_what_is_no_fault_of_a_piece_ends_the_run(store, folder, task):
    with pytest.raises(EarmarkError, match="no FluidSynth"):
        fill(store, Loky(1), "audio", [task("a", error=EarmarkError("no FluidSynth"))], folder, "render")


def test_two_pieces_of_equal_bytes_share_one_entry(store, folder, task, made):
    fill(store, Loky(1), "audio", [task("a", "1111"), task("b", "1111")], folder, "render")
    assert names(folder) == ["a.wav", "b.wav"]
    assert made.read_text().split() == ["a"]


def test_a_tampered_file_is_mended_here_and_in_the_store(store, folder, task):
    fill(store, Loky(1), "audio", [task("a")], folder, "render")
    wav = folder / "a.wav"
    wav.chmod(0o644)
    wav.write_text("noise of a")  # one inode with the store's entry: both have changed
    os.utime(wav, ns=(0, 0))
    fill(store, Loky(1), "audio", [task("a")], folder, "render")
    assert wav.read_text() == "sound of a"
    assert Path(store.path("audio", "aaaa", ".wav")).read_text() == "sound of a"


def test_without_tasks_the_folder_is_there_and_empty(store, folder):
    assert fill(store, Loky(1), "audio", [], folder, "render") == {}
    assert names(folder) == []


class Elsewhere:
    """Workers of another machine: their store is not ours."""

    def __init__(self, place):
        self.place = place

    def map(self, function, items, what):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EARMARK_STORE", str(self.place))
            return [function(item) for item in items]


def test_what_workers_of_another_machine_made_is_fetched(tmp_path, folder, task, made):
    url = f"file://{tmp_path}/share"
    store = Store(tmp_path / "cache", Remote(url))
    executor = Elsewhere(tmp_path / "theirs")
    for _ in range(2):
        assert fill(store, executor, "audio", [task("a"), task("b")], folder, "render") == {}
        assert (folder / "b.wav").read_text() == "sound of b"
        assert os.path.samefile(folder / "a.wav", store.path("audio", "aaaa", ".wav"))
    assert made.read_text().split() == ["a", "b"]
    assert Store(tmp_path / "theirs", Remote(url)).find("audio", "aaaa", ".wav")


def test_a_store_that_another_machine_does_not_share_is_one_line(store, folder):
    class Away:
        def map(self, function, items, what):
            return [None for _ in items]  # made, somewhere

    tasks = [Task("a", "aaaa", "a.wav", None)]
    with pytest.raises(EarmarkError, match=r"made audio that is not in .*store\.url"):
        fill(store, Away(), "audio", tasks, folder, "render")


def test_nothing_is_collected_while_a_folder_is_filled(store, folder, task):
    class Collector:
        def map(self, function, items, what):
            with pytest.raises(EarmarkError, match="a run is using"), store.alone():
                pass
            return [function(item) for item in items]

    fill(store, Collector(), "audio", [task("a")], folder, "render")
    with store.alone():
        assert names(folder) == ["a.wav"]
