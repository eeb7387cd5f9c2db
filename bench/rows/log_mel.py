"""Log-mel from WAV on one core, against librosa at equal parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from bench.result import AT_LEAST, AT_MOST, Result, compare
from bench.settings import Settings

if TYPE_CHECKING:
    from earmark.features.mel import LogMel

# The front ends of conf/features: the default's, and that of the published system with 80 dB of range.
CASES = {
    "mel": {"audio": "mono22k", "seconds": 180},
    "mel_original": {"audio": "stereo44k", "seconds": 30},
}


def measure(settings: Settings) -> list[Result]:
    """Throughput and agreement for each of CASES; reading counts on both sides."""
    from earmark.foundation.targets import build
    from earmark.pipeline.settings.config import compose

    results = []
    for name, case in CASES.items():
        config = compose(settings.project / "conf", [f"features={name}", f"audio={case['audio']}"])
        front_end = build(config.features, "features")
        wav = settings.scratch / f"{name}.wav"
        _write_music(wav, config.audio.sample_rate, config.audio.channels, case["seconds"])
        results += _against_librosa(name, front_end, wav, case["seconds"], settings.rounds)
    return results


def _against_librosa(name: str, front_end: LogMel, wav: Path, length_s: float, rounds: int) -> list[Result]:
    from bench.peers.librosa_mel import log_mel
    from earmark.music.recordings.audio import read_waveform

    def ours() -> np.ndarray:
        return front_end(*read_waveform(wav))

    def peer() -> np.ndarray:
        return log_mel(
            wav,
            n_fft=front_end.n_fft,
            hop_length=front_end.hop_length,
            n_mels=front_end.n_mels,
            f_min_hz=front_end.f_min_hz,
            f_max_hz=front_end.f_max_hz or None,
            htk=front_end.mel_scale == "htk",
            norm=front_end.norm,
            top_db=front_end.top_db,
        )

    error = float(np.abs(ours() - peer()).max())
    with threadpool_limits(1):  # matrix products would take all cores
        times = compare(ours, peer, rounds)
    what = (
        f"{length_s} s of WAV, one core: ours {length_s / times.ours_s:,.0f} × real time, "
        f"librosa {length_s / times.peer_s:,.0f} ×"
    )
    return [
        Result(
            f"log_mel: speed, features={name}", times.ratio, 1.0, "× librosa's throughput", AT_LEAST, what
        ),
        Result(
            f"log_mel: difference, features={name}",
            error,
            1e-4,
            "dB from librosa's values",
            AT_MOST,
            f"largest of all bins, before the float16 cast; {front_end.top_db:g} dB of range",
        ),
    ]


def _write_music(wav: Path, rate_hz: int, channels: int, length_s: float) -> None:
    """Decaying tones over a little noise: loud and weak bands side by side, as in music."""
    import soundfile

    random = np.random.default_rng(0)
    sound = random.normal(0, 1e-3, (round(length_s * rate_hz), channels))
    note = np.arange(rate_hz) / rate_hz
    for second in range(int(length_s)):
        for pitch in random.integers(40, 90, 4):
            tone = np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * note) * np.exp(-3 * note)
            sound[second * rate_hz :][:rate_hz] += 0.15 * tone[:, None]
    soundfile.write(wav, sound.astype(np.float32), rate_hz, subtype="PCM_16")
