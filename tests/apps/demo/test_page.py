"""The page in a real browser, served by the real command.

EARMARK_SCREENSHOTS=RUN/data/raw/PIECE.mid takes that run's model and piece instead of the small ones, and
writes the pictures of the README.
"""

import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import soundfile

import earmark
from earmark.apps.demo.answer import in_words, nearest_rows
from earmark.identify.identifier import Identifier
from earmark.identify.inputs import Target

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MISSING = [name for name in ("gradio", "playwright") if find_spec(name) is None]
if CHROMIUM is None:
    MISSING.append("chromium")
IMAGES = Path(__file__).parents[3] / "docs" / "images"
SHOWN = os.environ.get("EARMARK_SCREENSHOTS", "")
PATIENCE_MS = 120_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]


@pytest.fixture(scope="module")
def model(bundle_folder):
    return Path(SHOWN).resolve().parents[2] / "models" if SHOWN else bundle_folder


@pytest.fixture(scope="module")
def piece(melody):
    return Path(SHOWN).resolve() if SHOWN else melody


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """Where the server's temporary files lie."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def server(model, scratch):
    """The running command and its address."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(earmark.__file__).parents[1]),
        "TMPDIR": str(scratch),
    }
    command = [sys.executable, "-c", "from earmark.apps.cli import main; main()"]
    arguments = ["demo", "--model", str(model), "--port", "0"]
    with subprocess.Popen(
        [*command, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("http://127.0.0.1:"), process.stderr.read()
            yield process, line.split()[0]
        finally:
            process.kill()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    # Chromium's sandbox refuses to run as root, as in a container.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=root)
        yield browser
        browser.close()


@pytest.fixture
def page(server, browser):
    """The page, open; what it asks of whom is checked at the end."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(urlsplit(request.url)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append("a script of the file's name has run"))
    page.goto(server[1])
    page.locator("input[type=file]").wait_for(state="attached")
    yield page
    page.close()
    assert {url.netloc for url in asked if url.scheme not in ("data", "blob")} == {urlsplit(server[1]).netloc}
    assert complaints == []


def drop(page, file):
    page.locator("input[type=file]").set_input_files(file)


def wait_for_verdict(page):
    page.locator("#answer [role=status]").wait_for(timeout=PATIENCE_MS)
    page.locator("#sound audio").wait_for(timeout=PATIENCE_MS)
    # Until the player knows how long the sound is.
    page.wait_for_function("document.querySelector('#sound audio').readyState >= 1", timeout=PATIENCE_MS)


def test_the_verdict_of_a_midi_file(page, model, piece, scratch):
    drop(page, piece)
    wait_for_verdict(page)
    identifier = Identifier.load(model)
    verdict = identifier.identify(Target(piece.name, piece))
    assert page.locator("#answer p").inner_text() == in_words(verdict)
    bars = page.locator("#bars").inner_text()
    assert all(label in bars for label in identifier.bundle.labels[:8])
    cells = page.locator("#nearest tbody td").all_inner_texts()
    assert [cell.strip() for cell in cells] == [cell for row in nearest_rows(verdict) for cell in row]

    identifier.recipe.wav(piece, scratch.parent / "own.wav")
    duration_s = page.evaluate("document.querySelector('#sound audio').duration")
    assert duration_s == pytest.approx(soundfile.info(scratch.parent / "own.wav").duration, abs=0.1)
    page.evaluate("document.querySelector('#sound audio').play()")
    page.wait_for_function("document.querySelector('#sound audio').currentTime > 0.2", timeout=PATIENCE_MS)
    page.evaluate("document.querySelector('#sound audio').pause()")

    page.wait_for_function("document.querySelector('#picture img').naturalWidth > 800", timeout=PATIENCE_MS)
    if SHOWN:
        page.mouse.move(0, 0)
        page.evaluate("document.querySelector('#sound audio').currentTime = 0")
        page.wait_for_timeout(500)
        page.screenshot(path=IMAGES / "demo.png", full_page=True)


def test_a_name_is_text_and_the_upload_is_gone(page, melody, scratch):
    drop(page, melody)
    wait_for_verdict(page)
    assert "onerror" in page.locator("#answer h2").inner_text()
    assert page.locator("#answer img").count() == 0
    left = [path for path in scratch.rglob("*") if path.is_file()]
    assert {path.name for path in left if path.stat().st_size} <= {"heard.wav", "picture.png"}


def test_a_broken_file_has_its_line_and_the_next_its_verdict(page, melody, broken):
    drop(page, broken)
    page.locator("#answer [role=alert]").wait_for(timeout=PATIENCE_MS)
    words = page.locator("#answer p").inner_text()
    assert words.startswith("cannot be heard: ")
    assert "Traceback" not in page.content()
    assert page.locator("#sound audio").count() == 0
    page.get_by_label("Remove this file").or_(page.get_by_label("Clear")).first.click()
    page.get_by_text("Drop a file: its verdict").wait_for(timeout=PATIENCE_MS)
    drop(page, melody)
    wait_for_verdict(page)


def test_other_files_of_the_machine_are_not_served(server, page, model):
    for path in ("/etc/passwd", model / "bundle.yaml", Path(earmark.__file__), Path.cwd() / "README.md"):
        answer = page.request.get(f"{server[1]}/gradio_api/file={path}")
        assert answer.status in (403, 404), path


def test_when_it_ends_nothing_is_left(server, scratch):
    process, _ = server
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in process.stderr.read()
    assert list(scratch.iterdir()) == []
