"""What a library lacks, and only that is listened to."""

import pytest
from mutagen import File

from earmark.apps.tags import library
from earmark.apps.tags.library import check_labels, hear, scan
from earmark.foundation.errors import EarmarkError
from earmark.identify.inputs import find_targets
from earmark.identify.verdict import Verdict


class OneAnswer:
    """An identifier with one answer to every file, which remembers the files."""

    def __init__(self, label):
        self.label, self.asked = label, []

    def identify_all(self, targets, workers=0):
        for target in targets:
            self.asked.append(target.file.name)
            yield Verdict(target.name, label=self.label, nearest_label="jig")


@pytest.fixture
def folder(music, tmp_path):
    music("a.mp3")
    file = File(music("b.flac"))
    file["genre"] = ["reel"]
    file.save()
    file = File(music("c.ogg"))
    file["genre"], file["key"] = ["reel"], ["C"]
    file.save()
    (tmp_path / "d.mid").write_bytes(b"MThd")
    (tmp_path / "e.flac").write_bytes(b"fLaC but no more")
    return tmp_path


def names(result):
    return [(track.target.file.name, track.wanted) for track in result.tracks]


def test_what_is_missing(folder):
    result = scan(find_targets([str(folder)], folder), ["genre", "key"], overwrite=False)
    assert names(result) == [("a.mp3", ["genre", "key"]), ("b.flac", ["key"])]
    assert result.complete == [str(folder / "c.ogg")]
    assert result.tagless == {".mid": 1}
    [(path, reason)] = result.errors
    assert path == str(folder / "e.flac")
    assert "\n" not in reason


def test_overwriting_asks_for_all(folder):
    result = scan(find_targets([str(folder)], folder), ["genre"], overwrite=True)
    assert names(result) == [(name, ["genre"]) for name in ("a.mp3", "b.flac", "c.ogg")]


@pytest.mark.parametrize("batch", [1, 2, 48])
def test_each_model_hidentifiers_what_lacks_its_tag(folder, monkeypatch, batch):
    monkeypatch.setattr(library, "BATCH", batch)
    result = scan(find_targets([str(folder)], folder), ["genre", "key"], overwrite=False)
    for order in (["genre", "key"], ["key", "genre"]):
        identifiers = {kind: OneAnswer(kind) for kind in order}
        answers = [
            (track.target.file.name, {kind: one.label for kind, one in verdicts.items()})
            for track, verdicts in hear(result.tracks, identifiers, workers=1)
        ]
        assert answers == [("a.mp3", {"genre": "genre", "key": "key"}), ("b.flac", {"key": "key"})]
        assert identifiers["genre"].asked == ["a.mp3"]
        assert identifiers["key"].asked == ["a.mp3", "b.flac"]


def test_one_model_is_followed_file_by_file(folder):
    result = scan(find_targets([str(folder)], folder), ["key"], overwrite=False)
    identifier = OneAnswer("C major")
    next(hear(result.tracks, {"key": identifier}, workers=1))
    assert identifier.asked == ["a.mp3"]


def test_nothing_to_hear():
    assert list(hear([], {}, workers=0)) == []


def test_a_model_for_something_else_writes_no_keys():
    check_labels("key", "models", ["Db major", "A minor"])
    check_labels("genre", "models", ["jig"])
    check_labels("genre", "models", ["jig"], "genre")
    with pytest.raises(EarmarkError, match=r"--key models: its label 'jig' is no key like `Db major`"):
        check_labels("key", "models", ["A minor", "jig"])


@pytest.mark.parametrize(
    ("question", "way"),
    [("genre", "give it as --genre"), ("author", "there is no tag for author here")],
)
def test_a_model_is_asked_only_what_it_has_learned(question, way):
    with pytest.raises(EarmarkError, match=f"--composer models: it has learned to say {question} .*: {way}$"):
        check_labels("composer", "models", ["jig"], question)
