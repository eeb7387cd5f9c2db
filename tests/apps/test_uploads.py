"""The files of the zoo as uploads to the service, the demo's page and MLflow's server: each gets an answer.

The service is called without a socket; `tests/apps/service` has the real one.
"""

import asyncio
import base64
import importlib.util
import json
import warnings
from pathlib import Path
from urllib.parse import quote_from_bytes

import pandas as pd
import pytest

from earmark.apps.demo.answer import answer
from earmark.apps.service.application import make_application
from earmark.identify.identifier import Identifier
from earmark.identify.limited import LimitedIdentifier
from earmark.identify.limits import Limits

TESTS = Path(__file__).parents[1]
FORM = "multipart/form-data; boundary=edge"


def zoo():
    spec = importlib.util.spec_from_file_location("zoo_of_uploads", TESTS / "zoo.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


ZOO = zoo()


@pytest.fixture(scope="module")
def limited(small_bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    small_bundle.save(folder)
    return LimitedIdentifier(Identifier.load(folder), Limits())


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """All bad files by name."""
    folder = tmp_path_factory.mktemp("zoo")
    made = {"midi": ZOO.midi(folder / "midi"), "sound": ZOO.sound(folder / "sound")}
    return {f"{kind}_{name}": file for kind, found in made.items() for name, file in found.items()}


@pytest.fixture(scope="module")
def post(limited):
    """Send a body to the service; status and content of its answer."""
    application = make_application(limited, "small")

    async def asked(body, query, headers):
        scope = {
            **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http"},
            **{"method": "POST", "path": "/identify", "raw_path": b"/identify", "query_string": query},
            **{"server": ("127.0.0.1", 80), "client": ("127.0.0.1", 9), "root_path": ""},
            "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
        }
        arriving = [{"type": "http.request", "body": body, "more_body": False}]
        sent = []

        async def receive():
            if arriving:
                return arriving.pop()
            await asyncio.Event().wait()  # the client waits for its answer

        async def send(message):
            sent.append(message)

        await application(scope, receive, send)
        return sent[0]["status"], json.loads(b"".join(one.get("body", b"") for one in sent[1:]))

    return lambda body, query=b"", **headers: asyncio.run(asked(body, query, headers))


@pytest.fixture(scope="module")
def model(limited):
    """The model inside `mlflow models serve`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own, when its module is first read
        from earmark.experiments.registry.identifying_model import IdentifyingModel
    made = IdentifyingModel()
    made.limited = limited
    return made


def check_words(words, *secrets):
    """One line, without what a traceback or a terminal's order looks like, nor the server's own paths."""
    assert words
    assert words.isprintable()
    assert "Traceback" not in words
    for secret in ("earmark-", *map(str, secrets)):
        assert secret not in words


def test_the_service_answers_every_upload(post, files, capfd):
    heard = 0
    for name, file in files.items():
        status, content = post(file.read_bytes(), f"name={file.name}".encode())
        assert status in (200, 400, 413, 422), (name, content)
        if status == 200:
            assert content["verdict"]
            heard += 1
        else:
            check_words(content["error"])
    assert 0 < heard < len(files)
    assert capfd.readouterr() == ("", "")


def test_the_service_takes_every_name_of_a_file(post, tmp_path, capfd):
    files = [path for path in ZOO.names(tmp_path).values() if not path.is_symlink() and path.is_file()]
    for path in files:
        query = f"name={quote_from_bytes(path.name.encode(errors='surrogateescape'))}".encode()
        status, content = post(ZOO.tune(), query)
        assert (status, content["error"]) == (200, None)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/octet-stream"),
        (b"", FORM),
        (b"--edge--\r\n", FORM),
        (b'--edge\r\nContent-Disposition: form-data; name="file"\r\n\r\n', FORM),
        (
            b'--edge\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\nx\r\n--edge--\r\n',
            FORM,
        ),
        (b"\x00\xff" * 500, FORM),
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=\xe9"),
    ],
)
def test_a_request_without_a_file_is_told_so(post, body, kind, capfd):
    status, content = post(body, **{"content-type": kind})
    assert status == 400
    check_words(content["error"])
    assert capfd.readouterr() == ("", "")


def test_the_page_answers_every_upload(limited, files, tmp_path, capfd):
    heard = 0
    for name, file in files.items():
        content = answer(limited, file, tmp_path, limited.limits.deadline())
        assert content.title == file.name
        if content.failed:
            assert content.words.startswith("cannot be heard: ")
            check_words(content.words, file.parent)
        heard += not content.failed
        assert content.html()
        assert (content.sound is None) == content.failed, name
    assert 0 < heard < len(files)
    assert capfd.readouterr() == ("", "")


def test_a_model_in_mlflow_answers_every_row(model, files, capfd):
    contents = [base64.b64encode(file.read_bytes()).decode() for file in files.values()]
    for start in range(0, len(contents), 20):
        table = pd.DataFrame({"content_base64": contents[start : start + 20]})
        table["name"] = [file.name for file in files.values()][start : start + 20]
        answers = model.predict(None, table)
        assert len(answers) == len(table)
        for error in answers.error[answers.verdict.isna()]:
            check_words(error)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"name": "a.mid"},
        {"content_base64": None},
        {"content_base64": float("nan")},
        {"content_base64": 12},
        {"content_base64": "é"},
        {"content_base64": "AAA"},
        {"content_base64": ["TVRoZA=="]},
        {"content_base64": "TVRoZA==", "name": "../../etc/passwd"},
        {"content_base64": "TVRoZA==", "name": "a\x1b[2J\n.mid"},
        {"content_base64": "TVRoZA==", "path": "/etc/passwd"},
        {"path": "/etc/passwd"},
        {"path": "/dev/zero"},
        {"audio": "TVRoZA=="},
    ],
)
def test_a_row_without_music_has_an_error(model, row, capfd):
    answers = model.predict(None, pd.DataFrame([row], index=[0]))
    assert len(answers) == 1
    check_words(answers.error.iloc[0])
    assert capfd.readouterr() == ("", "")
