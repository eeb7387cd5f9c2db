"""A sweep in MLflow's own pages, seen by a real browser: its runs, two of them compared, a confusion matrix.

EARMARK_SCREENSHOTS=CHECKOUT takes the latest sweep of that checkout instead of a small one, and writes the
pictures of the documentation.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import pytest
from mlflow.tracking import MlflowClient

PROJECT = Path(__file__).parents[3]
IMAGES = PROJECT / "docs" / "images"
SHOWN = os.environ.get("EARMARK_SCREENSHOTS", "")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MISSING = [name for name in ("playwright",) if find_spec(name) is None]
if CHROMIUM is None:
    MISSING.append("chromium")
PATIENCE_MS = 120_000
START_S = 120

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]


@pytest.fixture
def swept(request):
    """A checkout, and the two latest runs of its latest sweep."""
    if SHOWN:
        folder = Path(SHOWN).resolve()
    else:
        folder = request.getfixturevalue("checkout")
        status, _, err = request.getfixturevalue("train")("-m", "objective.margin=0.5,1.0")
        assert status == 0, err
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("composer").experiment_id
    parent, *_ = client.search_runs(
        [experiment], "tags.`mlflow.runName` LIKE 'sweep: %'", order_by=["attributes.start_time DESC"]
    )
    runs = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    return folder, experiment, parent, runs


@pytest.fixture
def address(swept):
    """Where `earmark ui` answers."""
    folder, *_ = swept
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT / "src"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",
    }
    command = [sys.executable, "-c", "from earmark.apps.cli import main; main()", "ui", "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # A session of its own: MLflow's server has processes of its own, which end with it.
    with subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **quiet) as process:
        try:
            url, until = f"http://127.0.0.1:{port}", time.monotonic() + START_S
            while True:
                try:
                    with urllib.request.urlopen(f"{url}/health", timeout=5):
                        break
                except OSError:
                    assert process.poll() is None, "earmark ui has ended"
                    assert time.monotonic() < until, "earmark ui does not answer"
                    time.sleep(0.2)
            yield url
        finally:
            os.killpg(process.pid, 15)


@pytest.fixture
def page():
    from playwright.sync_api import sync_playwright

    # Chromium's sandbox refuses to run as root, as in a container.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=root)
        page = browser.new_page(viewport={"width": 1500, "height": 800})
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


def picture(page, name):
    if SHOWN:
        place = page.get_by_text("Path:", exact=False)  # nobody else's
        page.screenshot(
            path=IMAGES / f"{name}.png",
            clip={"x": 0, "y": 0, "width": 1112, "height": 800},
            mask=[place],
            mask_color="#ffffff",
        )


def test_a_sweep_in_the_browser(swept, address, page):
    _, experiment, parent, runs = swept
    page.goto(f"{address}/#/experiments/{experiment}/runs")
    row = page.locator("[role=row]").filter(has_text=parent.info.run_name[:12]).first
    row.locator("button").first.click()
    for run in runs:  # the sweep's row unfolds into its jobs
        page.get_by_text(run.info.run_name, exact=True).first.wait_for()
    picture(page, "mlflow_runs")

    one, two = runs[0], next(run for run in runs[1:] if run.info.run_name != runs[0].info.run_name)
    chosen = quote(json.dumps([one.info.run_id, two.info.run_id]))
    page.goto(f"{address}/#/compare-runs?runs={chosen}&experiments={quote(json.dumps([experiment]))}")
    differing = [key for key, value in one.data.params.items() if two.data.params[key] != value]
    assert differing
    for key in differing:
        line = page.locator("tr").filter(has=page.get_by_text(key, exact=True)).first
        line.wait_for()
        assert [one.data.params[key], two.data.params[key]] == line.inner_text().split()[-2:]
    page.get_by_text("calibration.ece.value").first.wait_for()
    text = page.inner_text("body")
    shown = text[text.rindex("\nMetrics\n") :].split()
    for run in (one, two):
        assert f"{round(run.data.metrics['calibration.ece.value'], 3):g}" in shown
    page.get_by_text("Run details").first.scroll_into_view_if_needed()
    picture(page, "mlflow_compare")

    page.goto(
        f"{address}/#/experiments/{experiment}/runs/{one.info.run_id}/artifacts/plots/confusion_test.png"
    )
    matrix = page.locator("img[src*=confusion_test], img[src^=blob]").first
    matrix.wait_for()
    page.wait_for_function(
        "picture => picture.naturalWidth > 300", arg=matrix.element_handle(), timeout=PATIENCE_MS
    )
    picture(page, "mlflow_confusion")
