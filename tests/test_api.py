"""The API in Python: `from earmark import …`, as README.md and docs/api.md show it."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import earmark
from earmark import Bundle, EarmarkError, Identifier, Neighbour, Verdict, describe

PROJECT = Path(__file__).parents[1]
RATE_HZ = 11_025


@pytest.fixture(scope="module")
def models(small_bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    small_bundle.save(folder)
    return folder


@pytest.fixture(scope="module")
def identifier(models):
    return Identifier.load(str(models))


@pytest.fixture(scope="module")
def sound():
    """Eight seconds of short tones in two channels (channels, samples)."""
    random = np.random.default_rng(0)
    time_s = np.arange(RATE_HZ // 4) / RATE_HZ
    tones = [np.exp(-9 * time_s) * np.sin(2 * np.pi * hz * time_s) for hz in random.uniform(200, 900, 32)]
    left = 0.4 * np.concatenate(tones)
    return np.stack([left, 0.5 * left]).astype(np.float32)


@pytest.fixture(scope="module")
def recording(sound, tmp_path_factory):
    path = tmp_path_factory.mktemp("music") / "song.wav"
    soundfile.write(path, sound.T, RATE_HZ, subtype="FLOAT")
    return path


def assert_alike(one, other):
    """Both verdicts say the same of what is called differently."""
    assert {**one.as_dict(), "path": ""} == {**other.as_dict(), "path": ""}
    assert one.probabilities == other.probabilities
    assert np.array_equal(one.clip_probabilities, other.clip_probabilities)


def test_an_array_is_identified_like_the_same_sound_in_a_file(identifier, sound, recording):
    in_file = identifier.identify(recording)
    assert in_file.error == ""
    in_memory = identifier.identify_array(sound, RATE_HZ, name="take 1")
    assert in_memory.path == "take 1"
    assert_alike(in_memory, in_file)
    assert_alike(
        identifier.identify_array(list(sound[0]), RATE_HZ), identifier.identify_array(sound[:1], RATE_HZ)
    )


@pytest.mark.parametrize(
    ("waveform", "rate_hz", "reason"),
    [
        (np.zeros(8 * RATE_HZ), RATE_HZ, "silent"),
        (np.full(8 * RATE_HZ, np.nan), RATE_HZ, "not numbers"),
        (np.ones(RATE_HZ), RATE_HZ, "lasts 1.0 s"),
        (np.zeros((2, 3, 4)), RATE_HZ, "is no waveform"),
        (np.zeros((8 * RATE_HZ, 2)), RATE_HZ, "is no waveform"),
        (["a"], RATE_HZ, "is no waveform"),
        (np.zeros(8), 0, "is no waveform"),
    ],
)
def test_an_array_that_cannot_be_heard_has_its_reason_in_one_line(identifier, waveform, rate_hz, reason):
    verdict = identifier.identify_array(waveform, rate_hz, name="take 2")
    assert reason in verdict.error
    assert "\n" not in verdict.error
    assert (verdict.path, verdict.label, verdict.probabilities) == ("take 2", "", {})


def test_many_files_are_identified_as_they_are_one_by_one(identifier, recording, sound, tmp_path):
    soundfile.write(tmp_path / "short.wav", sound.T[: 4 * RATE_HZ], RATE_HZ)
    music = [recording, tmp_path / "lost.mid", str(tmp_path / "short.wav")]
    verdicts = list(identifier.identify_all(iter(music), workers=1))
    assert [verdict.path for verdict in verdicts] == [str(path) for path in music]
    for verdict, path in zip(verdicts, music, strict=True):
        assert_alike(verdict, identifier.identify(path))
    assert [bool(verdict.error) for verdict in verdicts] == [False, True, False]


def test_a_verdict_has_a_label_all_probabilities_and_neighbours(identifier, recording):
    verdict = identifier.identify(recording)
    assert isinstance(verdict, Verdict)
    assert verdict.label in identifier.labels
    assert list(verdict.probabilities) == identifier.labels == ["Ash", "Birch"]
    assert sum(verdict.probabilities.values()) == pytest.approx(1)
    assert max(verdict.probabilities, key=verdict.probabilities.get) == verdict.nearest_label
    assert len(verdict.neighbours) == 3
    assert all(isinstance(neighbour, Neighbour) for neighbour in verdict.neighbours)
    distances = [neighbour.distance for neighbour in verdict.neighbours]
    assert distances == sorted(distances)


def test_a_bundle_and_its_mistakes(models, tmp_path):
    assert Bundle.load(models).labels == ["Ash", "Birch"]
    with pytest.raises(EarmarkError, match="is not a bundle"):
        Identifier.load(tmp_path)


def test_numbers_of_a_file(recording):
    numbers = describe(recording)
    assert numbers["duration_s"] == pytest.approx(8, abs=0.01)
    assert numbers["tempo_bpm"] == pytest.approx(120, rel=0.02)  # a tone each quarter of a second
    with pytest.raises(EarmarkError, match="does not exist"):
        describe("nowhere.wav")


def test_importing_the_package_imports_nothing_else(python):
    """So that it takes a few milliseconds: no module but its own and a few of the standard library."""
    code = (
        "import json, sys; before = set(sys.modules); import earmark\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    out, err = python(code).communicate(timeout=60)
    assert err == ""
    modules = json.loads(out)
    assert [name for name in modules if name.startswith("earmark")] == ["earmark"]
    assert {name.partition(".")[0] for name in modules} <= {"earmark", *sys.stdlib_module_names}
    assert len(modules) <= 10, modules


def test_names_of_the_api_are_loaded_when_they_are_used():
    assert dir(earmark) == sorted(earmark.__all__)
    for name in earmark.__all__:
        assert getattr(earmark, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'Identity'"):
        earmark.Identity  # noqa: B018


def test_the_example_of_the_readme_runs(models, recording, tmp_path, monkeypatch, capsys):
    section = (PROJECT / "README.md").read_text(encoding="utf-8").partition("\n## From Python\n")[2]
    example = re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").symlink_to(models)
    assert {"models", "song.mid"} == set(re.findall(r'"(.+?)"', example))
    exec(compile(example.replace("song.mid", str(recording)), "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert re.match("(Ash|Birch) ", printed)
    assert "Neighbour(" in printed


def test_the_page_of_the_api_names_all_of_it():
    page = (PROJECT / "docs" / "api.md").read_text(encoding="utf-8")
    members = ["Identifier.load", "identify", "identify_array", "identify_all", "Bundle.load"]
    fields = [*Verdict.__dataclass_fields__, *Neighbour.__dataclass_fields__]
    for name in (*earmark.__all__, *members, *fields):
        assert re.search(rf"`[^`\n]*\b{re.escape(name)}\b[^`\n]*`", page), name
