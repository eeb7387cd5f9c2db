"""MLflow on PostgreSQL: a real server, fresh, and several processes that write to it at once."""

import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

import earmark

WRITERS = 3
WRITER = """
    import sys
    from pathlib import Path
    from earmark.pipeline.tracking.tracker import Tracker
    from earmark.foundation.workspace import Workspace

    number, project = int(sys.argv[1]), Path(sys.argv[2])
    tracker = Tracker(Workspace.at(project), "songs")
    with tracker.run(f"writer {number}", {"earmark.stage": "train"}) as run_id:
        tracker.log_config(run_id, {"trainer": {"seed": number}}, "{}")
        for step in range(20):
            tracker.client.log_metric(run_id, "train/loss", number + 1 / (step + 1), step=step)
        (project / f"{number}.txt").write_text(str(number))
        tracker.log_files(run_id, "plots", project / f"{number}.txt")
"""


def _programs():
    """The folder of initdb and pg_ctl: Debian keeps them out of PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    found = shutil.which("initdb")
    folders = [*reversed(debian), *([Path(found).parent] if found else [])]
    return next((folder for folder in folders if (folder / "initdb").is_file()), None)


def _owner():
    """As whom the server runs: it refuses root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


PROGRAMS = _programs()
MISSING = [name for name in ("psycopg",) if find_spec(name) is None]
if PROGRAMS is None:
    MISSING.append("PostgreSQL (apt-get install postgresql)")
elif os.geteuid() == 0 and _owner() is None:
    MISSING.append("the user postgres")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]


@pytest.fixture
def postgres(tmp_path_factory):
    """A fresh server's URL."""
    owner = _owner()
    who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    with tempfile.TemporaryDirectory(prefix="earmark-pg-") as folder:
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]

        def run(program, *arguments):
            command = [str(PROGRAMS / program), "-D", f"{folder}/data", *arguments]
            # Its output goes to a file: a pipe would stay open as long as the server does.
            with open(f"{folder}/{program}.out", "w") as out:
                done = subprocess.run(
                    command, cwd=folder, stdout=out, stderr=subprocess.STDOUT, check=False, **who
                )
            assert done.returncode == 0, Path(f"{folder}/{program}.out").read_text()

        run("initdb", "-U", "earmark", "-A", "trust", "--no-sync")
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", f"-p {port} -k {folder} -h 127.0.0.1 -F", "start")
        try:
            yield f"postgresql://earmark@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


def test_writers_that_start_at_once_on_a_fresh_database_lose_nothing(postgres, tmp_path):
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": postgres,
        "PYTHONPATH": str(Path(earmark.__file__).parents[1]),
    }
    command = [sys.executable, "-c", textwrap.dedent(WRITER)]
    writers = [
        subprocess.Popen(
            [*command, str(number), str(tmp_path)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(WRITERS)
    ]
    said = [writer.communicate()[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * WRITERS, said
    client = MlflowClient(postgres)
    experiment = client.get_experiment_by_name("songs")
    assert experiment.artifact_location == (tmp_path / "mlartifacts").as_uri()
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert sorted(runs) == [f"writer {number}" for number in range(WRITERS)]
    for number in range(WRITERS):
        run = runs[f"writer {number}"]
        assert run.info.status == "FINISHED"
        assert run.data.params == {"trainer.seed": str(number)}
        curve = client.get_metric_history(run.info.run_id, "train/loss")
        assert [point.step for point in curve] == list(range(20))
        kept = tmp_path / "mlartifacts" / run.info.run_id / "artifacts" / "plots" / f"{number}.txt"
        assert kept.read_text() == str(number)
    assert not re.search(r"mlruns", " ".join(os.listdir(tmp_path)))
