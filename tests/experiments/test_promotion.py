"""Runs are chosen, their overrides written, and what changed since is named."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import yaml

from earmark.experiments.promotion import doubts, find_run, overrides_of, write_overrides
from earmark.experiments.runs import Run
from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.run_name import OVERRIDES_TAG


def run(run_id, name="", **tags):
    tags = {key.replace("__", "."): value for key, value in tags.items()}
    return Run(run_id, name or run_id, "composer", tags.pop("status", "FINISHED"), 0, tags=tags)


RUNS = [
    run("abc123", "trainer.seed=1"),
    run("abd456", "trainer.seed=2"),
    run("bcd789", "again"),
    run("cde012", "again"),
    run("def345", "sweep"),
    run("efa678", "one of it", mlflow__parentRunId="def345"),
]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("abc123", "abc123"),
        ("abd", "abd456"),
        ("ABD", "abd456"),
        ("trainer.seed=1", "abc123"),
        ("c", "cde012"),
    ],
)
def test_a_run_is_meant_by_its_id_the_beginning_of_it_or_its_name(wanted, expected):
    assert find_run(wanted, RUNS).run_id == expected


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("xyz", "no run 'xyz'"),
        ("", "no run ''"),
        ("trainer.seed", "no run 'trainer.seed'"),
        ("ab", "2 runs are meant by 'ab': abc123 (composer: trainer.seed=1), abd456"),
        ("again", "2 runs are meant by 'again': bcd789 (composer: again), cde012"),
        ("def345", "is a sweep's parent; promote one of its runs: efa678 (composer: one of it)"),
    ],
)
def test_what_is_not_one_run_is_refused(wanted, message):
    with pytest.raises(EarmarkError) as caught:
        find_run(wanted, RUNS)
    assert message in str(caught.value)


def test_a_sweeps_many_children_are_named_in_part():
    children = [run(f"{number:04d}", mlflow__parentRunId="parent") for number in range(14)]
    with pytest.raises(EarmarkError, match=r"0009 \(composer: 0009\) and 4 more"):
        find_run("parent", [run("parent"), *children])


def test_overrides_are_those_of_the_tag_without_the_section_sweep():
    tag = json.dumps(["experiment=composer", "sweep.resume=true", 'data.group_pattern="a, b"'])
    assert overrides_of(run("a", **{OVERRIDES_TAG: tag})) == [
        "experiment=composer",
        'data.group_pattern="a, b"',
    ]


@pytest.mark.parametrize("tag", [None, "", "{}", "[1]", '"a=b"'])
def test_a_run_without_its_overrides_is_refused(tag):
    with pytest.raises(EarmarkError, match="does not tell its overrides"):
        overrides_of(run("a", **({} if tag is None else {OVERRIDES_TAG: tag})))


OVERRIDES = [
    "experiment=composer",
    'data.group_pattern="^(.*?)_[0-9]+_"',
    "data.labels=[a,'b c']",
    "~model.x",
    "n=1",
]


@pytest.mark.parametrize("overrides", [[], ["experiment=genre"], OVERRIDES, OVERRIDES * 5])
def test_overrides_yaml_is_written_as_it_is_read(tmp_path, overrides):
    file = tmp_path / "overrides.yaml"
    write_overrides(file, overrides)
    assert yaml.safe_load(file.read_text()) == {"overrides": overrides}
    assert max(len(line) for line in file.read_text().splitlines()) <= 120


def test_comments_at_the_top_stay(tmp_path):
    file = tmp_path / "overrides.yaml"
    file.write_text("# Ours.\n\n# Mind the seed: é\noverrides:  # these\n  - trainer.seed=1\n# below\n")
    write_overrides(file, ["trainer.seed=2"])
    assert file.read_text() == "# Ours.\n\n# Mind the seed: é\noverrides: [trainer.seed=2]\n"
    assert [path.name for path in tmp_path.iterdir()] == ["overrides.yaml"]


@dataclass(frozen=True)
class Checkout:
    workspace: Workspace
    git: Callable[..., str]
    commit: str


@pytest.fixture
def checkout(tmp_path):
    """A checkout in git with data that were made under its params.yaml."""
    (tmp_path / "src").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "src" / "a.py").write_text("1\n")
    (tmp_path / "params.yaml").write_text("data: {corpus: a}\nsplit: {fold: 0}\n")
    (tmp_path / "data" / "pieces.csv").write_text("piece_id\na\n")
    (tmp_path / "data" / "splits.csv").write_text("piece_id\na\n")

    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    git("add", "src")
    git("commit", "-qm", "one")
    return Checkout(Workspace.at(tmp_path), git, commit=git("rev-parse", "HEAD"))


CONFIG = {"data": {"corpus": "a"}, "split": {"fold": 0}}


def doubted(checkout, config=CONFIG, composed=CONFIG, **tags):
    tags = {"mlflow__source__git__commit": checkout.commit, **tags}
    return list(doubts(run("a", **tags), config, composed, checkout.workspace))


def test_a_run_of_the_same_code_conf_and_data_is_not_doubted(checkout):
    from earmark.pipeline.tracking.provenance import data_hash

    data = data_hash(checkout.workspace.pieces, checkout.workspace.splits)
    assert doubted(checkout, earmark__data=data) == []
    (reason,) = doubted(checkout, earmark__data="0123-4567")
    assert reason.startswith("the run learned from other data: 0123, here is ")
    pieces = data.partition("-")[0]
    assert doubted(checkout, earmark__data=f"{pieces}-4567") == [
        "the run learned from the same pieces, split in another way"
    ]
    other_fold = {**CONFIG, "split": {"fold": 1}}
    assert doubted(checkout, other_fold, other_fold, earmark__data=f"{pieces}-4567") == []
    other_music = {**CONFIG, "data": {"corpus": "b"}}
    (reason,) = doubted(checkout, other_music, other_music, earmark__data="0123-4567")
    assert "shows only after dvc repro" in reason


def test_changes_since_the_run_are_named(checkout):
    assert doubted(checkout, composed={**CONFIG, "split": {"fold": 2}, "store": {"path": "x"}}) == [
        "conf/ has changed since the run: split.fold was 0, is 2"
    ]
    project = checkout.workspace.project
    (project / "README.md").write_text("words\n")
    assert doubted(checkout) == []
    (project / "src" / "a.py").write_text("2\n")
    (reason,) = doubted(checkout)
    assert reason == f"code or conf/ changed since the run's commit {checkout.commit[:12]}: src/a.py"
    checkout.git("commit", "-qam", "two")
    assert doubted(checkout) == [reason]
    (reason,) = doubted(checkout, mlflow__source__git__commit="0" * 40)
    assert reason == "the run's commit 000000000000 is not in this checkout"
    (reason,) = doubted(checkout, mlflow__source__git__commit="none")
    assert "outside of git" in reason
    checkout.git("checkout", "-q", checkout.commit)
    (reason,) = doubted(checkout, earmark__git_dirty="true")
    assert "not in its commit" in reason
    (reason,) = doubted(checkout, status="FAILED", earmark__error="no space left")
    assert reason == "the run is failed: no space left"
