"""Rendering on two cores against one `fluidsynth` process; memory of a worker for an hour of music."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from bench.music import sample
from bench.peers import fluidsynth_command
from bench.result import AT_LEAST, AT_MOST, Result, peak_rss_mb, seconds, used_by_children_s
from bench.settings import Settings
from bench.synthetic import melody, write_midi

BARS = {22_050: 1.8, 44_100: 1.6}
FILES = 12  # of the sample, those that the command can play
WORKERS = 2
MOST_MB = 300
HOUR_S = 3600
GAIN = 0.6

MEMORY_PROBE = """
import sys
from pathlib import Path
from bench.rows.rendering import peak_of
from earmark.store.executor import Loky
print(max(Loky(2).map(peak_of, [(Path(sys.argv[1]), Path(f"{sys.argv[2]}.{n}")) for n in range(2)], "probe")))
"""


def measure(settings: Settings) -> list[Result]:
    """Equal settings, instruments and tempo of the file, whole pieces, stereo; ratios per second of audio."""
    results = [_memory(settings)]
    if not fluidsynth_command.is_installed():
        absent = "skipped: the command fluidsynth is not installed (apt-get install fluidsynth)"
        return [_speed(rate_hz, None, absent) for rate_hz in BARS] + results
    music = sample(settings)
    files = _playable(music.files, settings.scratch)
    return [_against_command(files, rate_hz, settings, music.name) for rate_hz in BARS] + results


def render(midi: Path, wav: Path, rate_hz: int) -> float:
    """Render one whole piece by earmark; the processor time that it took, seconds."""
    from earmark.music.midi.arrange import Tempo
    from earmark.music.recordings.audio import Format
    from earmark.music.synthesis.piece import render_piece
    from earmark.music.synthesis.soundfont import soundfont_path
    from earmark.music.synthesis.synth import Synthesis

    started = time.process_time()
    soundfont = soundfont_path("", Path())
    synthesis = Synthesis(soundfont, rate_hz, GAIN, reverb=False, chorus=False, tail_s=1.0, max_s=0)
    render_piece(midi, Tempo(), "original", synthesis, Format(rate_hz, 2), wav)
    return time.process_time() - started


def peak_of(job: tuple[Path, Path]) -> float:
    """The most memory, MB, that this process has had once it has rendered one piece."""
    render(*job, 44_100)
    return peak_rss_mb(os.getpid())


def _playable(files: list[Path], scratch: Path) -> list[Path]:
    playable = []
    for midi in files:
        if _command(midi, scratch / "playable.wav", 8_000):
            playable.append(midi)
        if len(playable) == FILES:
            break
    return playable


def _command(midi: Path, wav: Path, rate_hz: int) -> bool:
    from earmark.music.synthesis.soundfont import soundfont_path

    same = ("synth.cpu-cores=1", "synth.dynamic-sample-loading=1")
    soundfont = soundfont_path("", Path())
    return fluidsynth_command.render(midi, wav, soundfont, rate_hz, GAIN, effects=False, options=same)


def _against_command(files: list[Path], rate_hz: int, settings: Settings, whose: str) -> Result:
    from joblib import Parallel, delayed

    folder = settings.scratch / f"rendering-{rate_hz}"
    folder.mkdir()
    own = [folder / f"own-{number}.wav" for number in range(len(files))]
    theirs = [folder / f"command-{number}.wav" for number in range(len(files))]
    jobs = list(zip(files, own, strict=True))
    with Parallel(n_jobs=WORKERS) as workers:
        used = {"ours": 0.0, "peer": 0.0}  # processor time

        def ours() -> None:
            times_s = workers(delayed(render)(midi, wav, rate_hz) for midi, wav in jobs)
            used["ours"] += sum(time_s for time_s in times_s if time_s is not None)

        def peer() -> None:
            before = used_by_children_s()
            for midi, wav in zip(files, theirs, strict=True):
                _command(midi, wav, rate_hz)
            used["peer"] += used_by_children_s() - before

        times = [(seconds(ours), seconds(peer)) for _ in range(max(settings.rounds // 2, 1))]
    own_s, their_s = sum(map(_length_s, own)), sum(map(_length_s, theirs))
    ratio = median((own_s / mine) / (their_s / other) for mine, other in times)
    return _speed(
        rate_hz,
        ratio,
        f"{len(files)} {whose}, {own_s / 60:.0f} minutes of audio: ours on {WORKERS} cores "
        f"{own_s / median(mine for mine, _ in times):.0f} × real time, one fluidsynth process "
        f"{their_s / median(other for _, other in times):.0f} ×; "
        f"a core for a core, by processor time, {used['peer'] / used['ours'] * own_s / their_s:.2f} ×",
    )


def _speed(rate_hz: int, ratio: float | None, detail: str) -> Result:
    name = f"rendering: {rate_hz / 1000:g} kHz, {WORKERS} cores"
    return Result(name, ratio, BARS[rate_hz], "× one fluidsynth process", AT_LEAST, detail)


def _length_s(wav: Path) -> float:
    import soundfile

    return soundfile.info(wav).duration


def _memory(settings: Settings) -> Result:
    peaks = {}
    for name, length_s in (("minute", 60), ("hour", HOUR_S)):
        midi, wav = settings.scratch / f"{name}.mid", settings.scratch / f"{name}.wav"
        write_midi(midi, melody(0, length_s))
        command = [sys.executable, "-c", MEMORY_PROBE, str(midi), str(wav)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=settings.project)
        peaks[name] = float(done.stdout.splitlines()[-1])
        for written in settings.scratch.glob(f"{wav.name}.*"):
            written.unlink()
    return Result(
        "rendering: memory of a worker",
        peaks["hour"],
        MOST_MB,
        "MB",
        AT_MOST,
        "the larger of two of the executor's workers, each with a piece of an hour, 44.1 kHz stereo, "
        f"{8 * HOUR_S:,} notes; of a minute {peaks['minute']:.0f} MB",
    )
