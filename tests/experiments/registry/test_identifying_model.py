"""The served model gives the verdicts of the Identifier, and an error for a row that it cannot read."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.model import PythonModelContext

from earmark.experiments.registry.identifying_model import OUTPUT_COLUMNS, PATHS_VARIABLE, IdentifyingModel
from earmark.experiments.registry.publishing import model_arguments
from earmark.experiments.registry.schema import input_example, scales, signature

READY_S = 180  # of patience with a server on a busy machine; it takes about 15 s


@pytest.fixture(autouse=True)
def no_paths(monkeypatch):
    monkeypatch.delenv(PATHS_VARIABLE, raising=False)


@pytest.fixture(scope="module")
def folder(bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("with a blank") / "models"
    bundle.save(folder)
    return folder


@pytest.fixture(scope="module")
def model(folder):
    served = IdentifyingModel()
    served.load_context(PythonModelContext({"bundle": str(folder)}, {}))
    return lambda *rows: served.predict(None, pd.DataFrame(list(rows)))


def encoded(file):
    return base64.b64encode(file.read_bytes()).decode("ascii")


def agrees(row, verdict):
    """A row of output against a Verdict."""
    assert row["error"] is None
    known = verdict.label == verdict.nearest_label
    assert (row["verdict"], row["guess"], row["confidence"], row["distance"]) == (
        verdict.label,
        verdict.nearest_label,
        round(verdict.confidence, 6) if known else None,
        round(verdict.distance, 6),
    )
    assert json.loads(row["probabilities"]) == verdict.as_dict()["probabilities"]
    assert json.loads(row["nearest"]) == [vars(neighbour) for neighbour in verdict.neighbours]
    return True


@pytest.mark.parametrize("label", ["Ash", "Cedar"])
def test_its_verdict_is_that_of_the_identifier(model, folder, music, listen, label):
    file = music[label][0]
    (row,) = model({"name": "a.mid", "content_base64": encoded(file)}).to_dict("records")
    verdict = listen(folder, file)
    assert verdict.label == {"Ash": "Ash", "Cedar": "unknown"}[label]
    assert agrees(row, verdict)
    assert row["name"] == "a.mid"


def test_base64_in_lines_and_without_a_name(model, music):
    content = encoded(music["Ash"][0])
    wrapped = "\n".join(content[start : start + 76] for start in range(0, len(content), 76))
    one, other = model({"content_base64": content}, {"content_base64": wrapped}).to_dict("records")
    assert one == other
    assert one["verdict"] == "Ash"
    assert one["name"] == ""


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"content_base64": "!!!"}, "content_base64 is not base64: "),
        ({"content_base64": "TVRoZA=="}, "MIDI header is cut short"),
        ({"content_base64": "AAAA"}, "cannot be read as audio: "),
        ({"content_base64": 3}, "content_base64 is not base64: "),
        ({"content_base64": ""}, "a row needs either content_base64 or path"),
        ({"content_base64": None, "name": None}, "a row needs either content_base64 or path"),
        ({"name": "a.mid"}, "a row needs either content_base64 or path"),
        ({"colour": "red"}, "a row needs either content_base64 or path"),
        ({"path": "/etc/passwd"}, "paths are refused: send content_base64, or start the server with"),
        ({"name": "../../x/../a.mid\0", "content_base64": "AAAA"}, "cannot be read as audio: "),
    ],
)
def test_what_a_row_lacks_is_its_own_error(model, music, row, message):
    bad, good = model(row, {"content_base64": encoded(music["Ash"][0])}).to_dict("records")
    assert bad["error"].startswith(message)
    assert "\n" not in bad["error"]
    assert (bad["verdict"], bad["confidence"], bad["distance"], bad["nearest"]) == (None, None, None, "[]")
    assert (good["verdict"], good["error"]) == ("Ash", None)


def test_an_unforeseen_fault_is_that_rows_error(model, music, monkeypatch):
    def fail(self, file):
        raise MemoryError("no room\nfor it")

    monkeypatch.setattr("earmark.music.recipe.Recipe.listen", fail)
    (row,) = model({"content_base64": encoded(music["Ash"][0])}).to_dict("records")
    assert row["error"] == "MemoryError: no room for it"


def test_paths_are_read_where_the_server_allows_it(model, folder, music, listen, monkeypatch):
    file = music["Birch"][0]
    monkeypatch.setenv(PATHS_VARIABLE, "1")
    rows = ({"path": str(file)}, {"path": "/nowhere.mid"}, {"path": str(file), "content_base64": "AAAA"})
    known, missing, both = model(*rows).to_dict("records")
    assert agrees(known, listen(folder, file))
    assert known["name"] == str(file)
    assert missing["error"] == "there is no such file"
    assert both["error"] == "a row needs either content_base64 or path, not both"
    monkeypatch.setenv(PATHS_VARIABLE, "yes")
    assert model({"path": str(file)}).error[0].startswith("paths are refused")


@pytest.fixture
def limited_model(folder, monkeypatch):
    """The served model with other limits: a function of variables and rows."""

    def predict(variables, *rows):
        for name, value in variables.items():
            monkeypatch.setenv(f"EARMARK_{name}", str(value))
        served = IdentifyingModel()
        served.load_context(PythonModelContext({"bundle": str(folder)}, {}))
        return served.predict(None, pd.DataFrame(list(rows)))

    return predict


@pytest.mark.parametrize(
    ("limits", "status", "message"),
    [
        ({"MAX_ROWS": 1}, 413, "2 rows are more than the 1"),
        ({"MAX_BYTES": 200}, 413, "the music has more than the 200 bytes"),
        ({"DEADLINE_S": 1e-6}, 503, "waited longer than 1e-06 s for its turn|took longer than 1e-06 s"),
    ],
)
def test_a_request_over_a_limit_is_refused_with_its_status(limited_model, music, limits, status, message):
    row = {"content_base64": encoded(music["Ash"][0])}
    with pytest.raises(MlflowException, match=message) as refused:
        limited_model(limits, row, row)
    assert refused.value.get_http_status_code() == status
    assert json.loads(refused.value.serialize_as_json())["message"]


def test_a_request_beyond_the_queue_is_refused(folder, music, monkeypatch):
    served = IdentifyingModel()
    monkeypatch.setenv("EARMARK_CONCURRENCY", "1")
    monkeypatch.setenv("EARMARK_QUEUE", "0")
    served.load_context(PythonModelContext({"bundle": str(folder)}, {}))
    rows = pd.DataFrame([{"content_base64": encoded(music["Ash"][0])}])
    with (
        served.limited.admission.place(),
        pytest.raises(MlflowException, match="busy: 1 requests") as refused,
    ):
        served.predict(None, rows)
    assert refused.value.get_http_status_code() == 429
    assert served.predict(None, rows).error[0] is None


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"MAX_SOUND_S": 5}, "lasts 12 s, more than the 5 s of sound that are taken here"),
        ({"MAX_MIDI_EVENTS": 47}, "has more than the 47 MIDI events that are taken here"),
    ],
)
def test_music_over_a_limit_is_that_rows_error_or_that_of_its_own_request(
    limited_model, music, tones, limits, message
):
    row = {"content_base64": encoded(music["Ash"][0])}
    long, bad = limited_model(limits, row, {"content_base64": "AAAA"}).to_dict("records")
    assert long["error"] == message
    assert bad["error"].startswith("cannot be read as audio: ")
    with pytest.raises(MlflowException, match=message) as refused:
        limited_model(limits, row)
    assert refused.value.get_http_status_code() == 413


def test_no_rows_are_no_verdicts(model):
    assert list(model().columns) == list(OUTPUT_COLUMNS)
    assert len(model()) == 0


def test_the_example_fits_the_signature_and_is_identified(model, bundle):
    example = input_example(bundle.settings)
    assert model(*example.to_dict("records")).error[0] is None
    assert {column.name for column in signature().inputs} == {"name", "content_base64", "path"}
    assert [column.name for column in signature().outputs] == list(OUTPUT_COLUMNS)
    assert scales(30) == scales(30)
    assert len(scales(30)) < 4000  # bytes: it lies in every version


@pytest.fixture(scope="module")
def saved(folder, bundle, tmp_path_factory):
    """As MLflow keeps it."""
    place = tmp_path_factory.mktemp("mlflow") / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mlflow.pyfunc.save_model(str(place), **model_arguments(bundle, {"bundle": folder.as_uri()}))
    return place


def test_mlflow_keeps_no_pickle_and_names_earmark_by_version(saved):
    from earmark import __version__

    names = {path.name for path in saved.rglob("*") if path.is_file()}
    assert not [name for name in names if Path(name).suffix in (".pkl", ".pickle", ".pt", ".joblib")]
    assert {"pyfunc_script.py", "bundle.yaml", "encoder.safetensors", "input_example.json"} <= names
    assert f"earmark=={__version__}" in (saved / "requirements.txt").read_text().split()


@pytest.mark.filterwarnings("ignore")
def test_mlflow_loads_it_back(saved, folder, music, listen):
    loaded = mlflow.pyfunc.load_model(str(saved))
    file = music["Ash"][1]
    (row,) = loaded.predict(pd.DataFrame({"content_base64": [encoded(file)]})).to_dict("records")
    assert agrees(row, listen(folder, file))


@pytest.fixture
def server(saved, tmp_path):
    """`mlflow models serve` on a free port: a function that posts records and gives status and rows."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    scripts = str(Path(sys.executable).parent)
    environment = {
        **{name: value for name, value in os.environ.items() if name != PATHS_VARIABLE},
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    command = ["mlflow", "models", "serve", "-m", str(saved), "--env-manager", "local", "--port", str(port)]
    command[0] = str(Path(scripts) / "mlflow")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=log, stderr=log, start_new_session=True
        )

    def ask(path, data=None):
        head = {"Content-Type": "application/json"}
        with urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, head), timeout=60
        ) as answer:
            return answer.status, answer.read()

    try:
        end = time.monotonic() + READY_S
        while True:
            try:
                ask("/ping")
                break
            except (urllib.error.URLError, OSError):
                if process.poll() is not None or time.monotonic() > end:
                    pytest.fail((tmp_path / "log").read_text())
                time.sleep(0.5)

        def post(*records):
            status, body = ask("/invocations", json.dumps({"dataframe_records": records}).encode())
            return status, json.loads(body)["predictions"]

        yield post
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # the group that we started: mlflow and its uvicorn
        process.wait(timeout=60)


@pytest.mark.slow
def test_served_over_http_it_gives_the_same(server, folder, music, tones, listen):
    midi = music["Ash"][2]
    rows = [{"name": file.name, "content_base64": encoded(file)} for file in (midi, tones)]
    status, (one, other, bad) = server(*rows, {"name": "bad.wav", "content_base64": "AAAA"})
    assert status == 200
    assert agrees(one, listen(folder, midi))
    assert agrees(other, listen(folder, tones))
    assert bad["error"].startswith("cannot be read as audio: ")
    with pytest.raises(urllib.error.HTTPError) as refused:
        server(*[rows[0]] * 65)
    assert refused.value.code == 413
    assert "65 rows are more than the 64" in json.loads(refused.value.read())["message"]
    status, (refused,) = server({"path": str(midi)})
    assert status == 200
    assert refused["error"].startswith("paths are refused: ")
    assert refused["verdict"] is None
