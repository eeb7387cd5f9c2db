"""The service gives the verdicts of `earmark identify`, and refuses what is over a limit in JSON."""

import http.client
import itertools
import json
import os
import re
import socket
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from earmark.apps import cli
from earmark.identify.identifier import Identifier
from earmark.identify.inputs import Target
from earmark.identify.locate import find_bundle
from earmark.identify.verdict import FIELDS

MAX_BYTES, MAX_SOUND_S, MAX_EVENTS = 1_000_000, 60, 1000


@pytest.fixture(scope="module")
def service(serving, tmp_path_factory):
    limits = ("--max-bytes", MAX_BYTES, "--max-sound-s", MAX_SOUND_S, "--max-midi-events", MAX_EVENTS)
    with serving(tmp_path_factory.mktemp("scratch"), *limits) as service:
        yield service


@pytest.fixture(scope="module")
def identifier():
    return Identifier.load(find_bundle("composer"))


@pytest.mark.parametrize("name", ["tune", "sines"])
def test_its_answer_is_what_identify_prints_as_json(service, identifier, music, name):
    file = music[name]
    expected = json.loads(json.dumps(identifier.identify(Target(file.name, file)).as_dict()))
    assert not expected["error"]
    assert service.post_form(file) == (200, expected)
    assert service.post(file.read_bytes(), f"/identify?name={file.name}") == (200, expected)
    chunks = (file.read_bytes()[start : start + 5000] for start in range(0, file.stat().st_size, 5000))
    status, content = service.post(chunks, headers={"Transfer-Encoding": "chunked"})
    assert (status, content) == (200, {**expected, "path": ""})


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"MThd", "MIDI header is cut short"),
        (bytes(3), "cannot be read as audio: "),
        (b"<!DOCTYPE html>", "is a web page, not music"),
        (np.random.default_rng(0).bytes(100_000), "cannot be read as audio: "),
    ],
)
def test_what_cannot_be_heard_has_its_error_and_all_fields(service, data, error):
    status, content = service.post(data)
    assert (status, set(content)) == (422, set(FIELDS))
    assert content["error"].startswith(error)
    assert "\n" not in content["error"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("full", "has more than the 1,000 MIDI events that are taken here"),
        ("slow", "lasts 70 s, more than the 60 s of sound that are taken here"),
        ("long", "lasts 61 s, more than the 60 s of sound that are taken here"),
    ],
)
def test_music_over_a_limit_is_413(service, music, name, error):
    assert service.post_form(music[name]) == (413, {"error": error})


def test_too_many_bytes_are_413_whether_stated_or_not(service):
    refused = (413, {"error": "the music has more than the 1,000,000 bytes that are taken here"})
    assert service.post(bytes(MAX_BYTES + 1)) == refused
    assert service.post(bytes(100 * MAX_BYTES)) == refused
    chunks = iter([bytes(MAX_BYTES)] * 20)
    assert service.post(chunks, headers={"Transfer-Encoding": "chunked"}) == refused
    assert service.post(bytes(MAX_BYTES))[0] == 422  # as many as that are taken


@pytest.mark.parametrize(
    ("request_of", "error"),
    [
        (lambda service, file: service.post(b""), "no music: send a file's bytes as the body"),
        (lambda service, file: service.post_form(file, field="music"), "the form has no file in a field"),
        (lambda service, file: service.post_form(file, file), "the form cannot be read: Too many files"),
        (
            lambda service, file: service.post(b"x", headers={"Content-Type": "multipart/form-data"}),
            "the form cannot be read: Missing boundary",
        ),
    ],
)
def test_a_request_without_a_file_is_400_at_once(service, music, request_of, error):
    status, content = request_of(service, music["tune"])
    assert status == 400
    assert content["error"].startswith(error)


def test_a_clients_name_of_a_file_is_no_path(service, music):
    status, content = service.post(music["tune"].read_bytes(), "/identify?name=../../etc/passwd%00.mid")
    assert (status, content["path"]) == (200, "../../etc/passwd\0.mid")


def test_health_says_what_runs(service):
    status, _, body = service.ask("GET", "/health")
    content = json.loads(body)
    assert (status, content["status"], content["model"]) == (200, "ok", "composer")
    assert content["labels"] == ["Bach", "Monteverdi", "Palestrina"]
    assert content["limits"]["max_bytes"] == MAX_BYTES


def test_metrics_count_answers_and_verdicts(service, music):
    before = service.metric('earmark_requests_total{status="200"}')
    _, content = service.post_form(music["tune"])
    assert service.metric('earmark_requests_total{status="200"}') == before + 1
    assert service.metric(f'earmark_verdicts_total{{verdict="{content["verdict"]}"}}') >= 1
    assert service.metric("earmark_requests_inside") == 0
    status, headers, _ = service.ask("GET", "/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")


def test_the_page_of_the_api_and_what_it_loads_are_served_here(service):
    status, headers, page = service.ask("GET", "/docs")
    assert status == 200
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.decode())
    assert len(loaded) == 3
    for path in loaded:
        assert path.startswith("/")
        assert service.ask("GET", path)[0] == 200
    assert "http" not in headers["content-security-policy"]
    assert service.ask("GET", "/")[1]["location"] == "docs"
    _, _, description = service.ask("GET", "/openapi.json")
    operation = json.loads(description)["paths"]["/identify"]["post"]
    assert set(operation["requestBody"]["content"]) == {"multipart/form-data", "application/octet-stream"}
    assert set(operation["responses"]) >= {"200", "413", "422", "429", "503"}
    verdict = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert list(verdict["properties"]) == list(FIELDS)


def test_it_needs_no_torch(service):
    maps = f"/proc/{service.process.pid}/maps"
    if not os.path.exists(maps):
        pytest.skip("no /proc")
    with open(maps) as lines:
        assert "libtorch" not in lines.read()


def test_who_comes_when_all_places_are_taken_is_429(serving, music, tmp_path):
    with serving(tmp_path, "--concurrency", 1, "--queue", 1) as service:
        # Two that never send their music hold the places.
        slow = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(2)]
        for sender in slow:
            sender.sendall(b"POST /identify HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        until(lambda: service.metric("earmark_requests_inside") == 2)
        status, headers, body = service.ask("POST", "/identify", music["endless"].read_bytes())
        assert (status, json.loads(body)) == (
            429,
            {"error": "busy: 2 requests wait or are worked on; try again later"},
        )
        assert int(headers["retry-after"]) > 0
        assert service.ask("GET", "/health")[0] == 200
        for sender in slow:  # whoever leaves gives the place back
            sender.close()
        until(lambda: service.metric("earmark_requests_inside") == 0)
        assert service.post_form(music["tune"])[0] == 200


def test_what_takes_too_long_is_503_and_ends(serving, music, tmp_path):
    with serving(tmp_path, "--deadline-s", 0.3, "--concurrency", 1) as service:
        status, content = service.post_form(music["endless"])
        assert status == 503
        assert re.match(r"(took|waited) longer than 0\.3 s|the music has not arrived", content["error"])
        with socket.create_connection(("127.0.0.1", service.port)) as sender:
            sender.sendall(b"POST /identify HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
            answer = http.client.HTTPResponse(sender)
            sender.settimeout(60)
            answer.begin()
            assert answer.status == 503
            assert json.loads(answer.read())["error"] == "the music has not arrived within 0.3 s"


def test_the_work_for_a_client_that_leaves_is_stopped(serving, music, tmp_path):
    with serving(tmp_path, "--concurrency", 1) as service:
        sound = music["endless"].read_bytes()
        with socket.create_connection(("127.0.0.1", service.port)) as sender:
            head = f"POST /identify HTTP/1.1\r\nHost: x\r\nContent-Length: {len(sound)}\r\n\r\n"
            sender.sendall(head.encode() + sound)
            until(lambda: service.metric("earmark_requests_inside") == 1)
        until(lambda: service.metric("earmark_requests_inside") == 0)
        assert service.metric('earmark_requests_total{status="503"}') == 1
        assert service.metric('earmark_requests_total{status="200"}') == 0


def until(condition, patience_s=60):
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("library", ["fastapi_offline", "prometheus_client"])
def test_without_its_libraries_the_line_to_type_is_said(monkeypatch, capsys, library):
    for name in [name for name in sys.modules if name.startswith("earmark.apps.service.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setattr("sys.argv", ["earmark", "serve", "composer"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        f"earmark: error: this needs {library}, which is not installed: pip install 'earmark[serve]'\n"
    )


SETTLED_S, STEPS = 5, 6  # s of load before memory is measured; measurements while it goes on


def loaded(service, files, clients, seconds):
    """Many clients at once, each with one request after the other: their statuses, and memory in bytes.

    Every client gets the same distance for a file.
    """
    end, statuses, memory, answers = time.monotonic() + seconds, [], [], set()

    def client(number):
        for count in itertools.count(number):
            if time.monotonic() > end:
                return
            kind, file = files[count % len(files)]
            status, content = service.post_form(file)
            statuses.append((kind, status))
            answers.add((file.name, content.get("distance")))

    with ThreadPoolExecutor(clients) as pool:
        clients = [pool.submit(client, number) for number in range(clients)]
        while time.monotonic() < end:
            time.sleep(seconds / STEPS)
            memory.append(service.metric("process_resident_memory_bytes"))
        for client in clients:
            client.result()
    assert len(answers) == len({name for name, _ in answers})
    return Counter(statuses), memory


@pytest.fixture
def mixture(music, tmp_path):
    """Good and bad files by the status that they get."""
    garbage, large = tmp_path / "garbage.wav", tmp_path / "large.wav"
    garbage.write_bytes(np.random.default_rng(0).bytes(50_000))
    large.write_bytes(bytes(2 * MAX_BYTES))
    good = [(200, music["tune"]), (200, music["sines"])]
    return [*good, (422, garbage), (413, large), (413, music["full"])]


def test_32_clients_at_once_get_their_answers(service, mixture):
    statuses, _ = loaded(service, mixture, 32, 3)
    assert {(kind, status) for kind, status in statuses if kind != status} == set()
    assert {kind for kind, _ in statuses} == {200, 413, 422}


@pytest.mark.slow
def test_memory_stays_flat_under_load(service, mixture):
    loaded(service, mixture, 32, SETTLED_S)
    before = service.metric("process_resident_memory_bytes")
    statuses, memory = loaded(service, mixture, 32, 60)
    print(f"{sum(statuses.values())} answers, MB: {[round(size / 1e6) for size in (before, *memory)]}")
    assert {(kind, status) for kind, status in statuses if kind != status} == set()
    assert memory[-1] < 1.05 * before
