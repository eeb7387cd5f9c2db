"""What only `dvc` can show: what a change reruns, how commits differ, what a second machine need not do."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from earmark.store import digest_file

PROJECT = Path(__file__).parents[2]
TRACKED = ("conf", "data/corpora", "optional", "stages", "src", ".dvc/config", ".dvc/.gitignore")
FILES = (".gitignore", "dvc.yaml", "pyproject.toml")


class Checkout:
    """A git checkout and its commands; `uses` are further variables of their environment."""

    def __init__(self, folder, **uses):
        self.folder = folder
        places = {
            "PYTHONPATH": str(folder / "src"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("MLFLOW", "EARMARK", "AWS"))
        }
        self._environment = {**kept, **places, **uses}

    def __call__(self, *command, status=0):
        """What the command printed, both streams."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def commit(self, message):
        self("git", "add", "-A")
        self("git", "-c", "user.name=n", "-c", "user.email=e@x", "commit", "-qm", message)

    def override(self, *overrides):
        (self.folder / "overrides.yaml").write_text(yaml.safe_dump({"overrides": list(overrides)}))


def ran(printed):
    """The stages that `dvc repro` ran."""
    return re.findall(r"^Running stage '(\w+)'", printed, re.MULTILINE)


def accuracy(folder):
    found = json.loads((folder / "metrics" / "evaluate.json").read_text())
    return found["closed_set"]["accuracy"]["value"]


@pytest.fixture(scope="module")
def history(tmp_path_factory, corpus, settings):
    """A repository of two commits: the second learned for one epoch more."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in TRACKED:
        origin = PROJECT / name
        if origin.is_dir():
            shutil.copytree(origin, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(origin, folder / name)
    for name in FILES:
        shutil.copy(PROJECT / name, folder / name)
    shutil.rmtree(folder / "optional")  # nobody describes here
    first = Checkout(folder)
    first("git", "init", "-q")
    first.override(*settings)
    shutil.copytree(corpus, folder / "music")
    first("earmark", "use", "music/catalog.csv")
    cold = first("dvc", "repro")
    first.commit("one")
    first.override(*(item for item in settings if "max_epochs" not in item), "trainer.max_epochs=3")
    warm = first("dvc", "repro")
    first.commit("two")
    return SimpleNamespace(cold=cold, warm=warm, folder=folder, checkout=first)


@pytest.mark.slow
def test_a_changed_trainer_value_reruns_training_and_judgement_alone(history):
    assert len(ran(history.cold)) == 8
    assert ran(history.warm) == ["compose", "train", "evaluate"]
    assert "up to date" in history.checkout("dvc", "repro")


@pytest.mark.slow
def test_what_two_commits_differ_in(history, tmp_path):
    table = history.checkout("dvc", "metrics", "diff", "HEAD~1", "--json")
    assert set(json.loads(table)) <= {"metrics/summary.json"}
    everything = json.loads(history.checkout("dvc", "metrics", "diff", "HEAD~1", "--json", "--all"))
    figures = everything["metrics/summary.json"]
    assert len(figures) == 8
    kept = json.loads((history.folder / "metrics" / "evaluate.json").read_text())
    for name, values in figures.items():
        section, _, metric = name.partition(".")
        assert values["new"] == kept[section][metric]["value"]
    history.checkout("dvc", "plots", "diff", "HEAD~1", "-o", str(tmp_path))
    page = (tmp_path / "index.html").read_text()
    assert "cdn.jsdelivr.net/npm/vega@" not in page
    drawn = re.search(r'"values": (\[[^]]*\])}, "title": {"text": "test pieces"', page)
    matrices = {"HEAD~1": [], "workspace": []}  # side by side: the facets of one drawing
    for row in json.loads(drawn[1]):
        matrices[row["rev"]].append(f"{row['actual']},{row['predicted']}")
    kept = (history.folder / "plots" / "evaluation" / "confusion_test.csv").read_text().split()[1:]
    assert matrices["workspace"] == kept
    assert len(matrices["HEAD~1"]) == len(kept)
    assert '"facet": {"column": {"field": "rev"' in page


@pytest.fixture(params=["folder", "s3"])
def remote(request, tmp_path, monkeypatch):
    """A place to share through: the remote's URL, its settings and the environment that it needs."""
    if request.param == "folder":
        yield str(tmp_path / "remote"), {}, {}
        return
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", endpoint_url=url).create_bucket(Bucket="music")
    yield "s3://music/earmark", {"endpointurl": url}, keys
    server.stop()


@pytest.mark.slow
def test_a_second_machine_judges_and_identifies_and_computes_nothing_again(history, remote, tmp_path):
    url, options, keys = remote
    first = Checkout(history.folder, **keys)
    first("dvc", "remote", "add", "--local", "--force", "-d", "share", url)
    for name, value in options.items():
        first("dvc", "remote", "modify", "--local", "share", name, value)
    first("dvc", "push")

    second = Checkout(tmp_path / "second", **keys)
    subprocess.run(["git", "clone", "-q", history.folder, second.folder], check=True)
    shutil.copy(history.folder / ".dvc" / "config.local", second.folder / ".dvc" / "config.local")
    second("dvc", "pull")
    assert ran(second("dvc", "repro")) == []
    for name in ("models/encoder.safetensors", "data/verdicts.csv"):
        assert digest_file(second.folder / name) == digest_file(history.folder / name)
    assert not (second.folder / ".cache").exists()  # the store: nothing was rendered

    piece = next((second.folder / "music" / "Ash").glob("*.mid"))
    found = json.loads(second("earmark", "identify", "--json", str(piece)))
    assert found[0]["error"] is None

    before = accuracy(second.folder)
    listed = yaml.safe_load((second.folder / "overrides.yaml").read_text())["overrides"]
    second.override(*(item for item in listed if "resamples" not in item), "evaluate.resamples=60")
    assert ran(second("dvc", "repro")) == ["compose", "evaluate"]
    assert accuracy(second.folder) == before
