"""A log-mel spectrogram as librosa's documentation has it: load, melspectrogram, power_to_db."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np


def log_mel(
    wav: Path,
    n_fft: int,
    hop_length: int,
    n_mels: int,
    f_min_hz: float,
    f_max_hz: float | None,
    htk: bool,
    norm: str | None,
    top_db: float,
) -> np.ndarray:
    """(n_mels, frames) or (channels, n_mels, frames), float32, dB of full scale."""
    samples, rate_hz = librosa.load(wav, sr=None, mono=False)
    mel = librosa.feature.melspectrogram(
        y=samples,
        sr=rate_hz,
        n_fft=n_fft,
        hop_length=hop_length,
        n_mels=n_mels,
        fmin=f_min_hz,
        fmax=f_max_hz,
        htk=htk,
        norm=norm,
        pad_mode="reflect",
    )
    return librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=top_db)
