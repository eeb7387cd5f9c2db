"""Everything becomes WAV in one format; what cannot is left out with its reason."""

import shutil
import signal
import threading
import time

import numpy as np
import pytest
import soundfile

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import read_table
from earmark.pipeline.render import run
from earmark.store import digest_file


def waves(finished):
    catalog = read_table(finished.workspace.catalog).set_index("piece_id")
    for row in read_table(finished.workspace.audio_table).itertuples():
        yield catalog.loc[row.piece_id], finished.workspace.audio / f"{row.piece_id}.wav", row.sha256


def test_every_wave_has_the_pipelines_format_and_the_digest_that_is_listed(finished):
    for _, path, digest in waves(finished):
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype) == (8000, 1, "PCM_16")
        assert digest_file(path) == digest
    listed = {path.name for _, path, _ in waves(finished)}
    assert listed == {path.name for path in finished.workspace.audio.iterdir()}


def test_midi_lasts_as_long_as_its_notes_and_a_recording_as_it_did(finished):
    for piece, path, _ in waves(finished):
        # 12 s of four notes a second; a rendering has a second for the last note's release.
        expected = 11.95 if piece.media == "audio" else 12.95
        assert abs(soundfile.info(path).duration - expected) < 0.1, piece.path


def test_only_what_was_silent_is_silent(finished):
    for piece, path, _ in waves(finished):
        peak = np.abs(soundfile.read(path)[0]).max()
        assert peak == 0 if "silent" in piece.path else 0.05 < peak < 1, piece.path


def test_a_broken_file_is_left_out_and_said(finished):
    failures = read_table(finished.workspace.data / "failures" / "render.csv")
    assert failures[["path", "label", "stage"]].to_numpy().tolist() == [
        ["Cedar/broken.mid", "Cedar", "render"]
    ]
    assert "MIDI" in failures.reason[0]
    assert f"render: left out Cedar/broken.mid: {failures.reason[0]}" in finished.lines["render"]


def test_a_worker_with_another_fluidsynth_renders_nothing(project, finished, small, tmp_path, monkeypatch):
    """What is kept as of this machine's version must be played by it."""
    versions = iter(["1.0.0"])
    monkeypatch.setattr("earmark.music.recipe.fluidsynth_version", lambda: next(versions))
    workspace = Workspace.at(project, tmp_path)
    workspace.data.mkdir()
    shutil.copyfile(finished.workspace.catalog, workspace.catalog)
    workspace.raw.symlink_to(finished.workspace.raw)
    with pytest.raises(EarmarkError, match=r"a worker has FluidSynth [\d.]+, this machine 1\.0\.0: install"):
        run(small(f"store.path={tmp_path}"), workspace)


def test_another_rate_is_another_entry_of_the_store(project, finished, small, tmp_path):
    """A sweep over rates must not be served the waves of another rate."""
    workspace = Workspace.at(project, tmp_path)
    workspace.data.mkdir()
    kept = read_table(finished.workspace.catalog).query("path == 'Ash/1.mid' or path == 'Ash/5.wav'")
    kept.to_csv(workspace.catalog, index=False)
    workspace.raw.symlink_to(finished.workspace.raw)
    run(small("store.path=store1", "audio.sample_rate=16000"), workspace)
    rates = [soundfile.info(path).samplerate for path in workspace.audio.iterdir()]
    assert rates == [16000, 16000]


def test_a_worker_of_a_cluster_is_killed_in_mid_run_and_the_bytes_are_the_same(
    project, finished, small, tmp_path, cluster
):
    """Against the run of `finished`, which was loky's."""
    cluster.add_worker()
    cluster.add_worker()
    workspace = Workspace.at(project, tmp_path / "run")
    workspace.data.mkdir(parents=True)
    shutil.copyfile(finished.workspace.catalog, workspace.catalog)
    workspace.raw.symlink_to(finished.workspace.raw)
    store = tmp_path / "store"
    pieces = len(read_table(finished.workspace.catalog))
    made_at_kill = []

    def kill():
        def made():
            return len([*store.glob("audio/*/*.wav")])

        while made() < 2:
            time.sleep(0.005)
        cluster.workers[0].send_signal(signal.SIGKILL)
        made_at_kill.append(made())

    killer = threading.Thread(target=kill)
    killer.start()
    cfg = small(
        f"store.path={store}", "~executor.workers", "executor=dask", f"executor.address={cluster.address}"
    )
    run(cfg, workspace)
    killer.join()
    assert cluster.workers[0].wait() == -signal.SIGKILL
    assert 2 <= made_at_kill[0] < pieces - 2
    assert workspace.audio_table.read_bytes() == finished.workspace.audio_table.read_bytes()
    failures = "data/failures/render.csv"
    assert (workspace.root / failures).read_bytes() == (finished.root / failures).read_bytes()
    for _, path, digest in waves(finished):
        assert digest_file(workspace.audio / path.name) == digest
