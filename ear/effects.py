"""What recordings do to music: rooms, equalisation, distortion, noise, lossy codecs, any loudness."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from scipy.signal import fftconvolve, lfilter

from earmark.features.ear.spectrum import RATE_HZ


def spoilt(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mono sound at RATE_HZ (samples,) with random effects; of the same length, in step."""
    sound = _at_peak(sound, 0.7)
    if rng.random() < 0.4:
        sound = _in_a_room(sound, rng)
    if rng.random() < 0.5:
        sound = _equalised(sound, rng)
    if rng.random() < 0.3:
        drive = rng.uniform(1, 6)  # compresses, and distorts
        sound = np.tanh(drive * _at_peak(sound, 1.0))
    if rng.random() < 0.4:
        sound = _noisy(sound, rng)
    sound = _at_peak(sound, rng.uniform(0.05, 0.95))
    chance = rng.random()
    if chance < 0.2:
        sound = _compressed(sound, "MP3" if chance < 0.12 else "OGG", float(rng.uniform(0.2, 0.9)))
    return sound.astype(np.float32)


def _at_peak(sound: np.ndarray, peak: float) -> np.ndarray:
    return sound / (np.abs(sound).max() + 1e-9) * peak


def _in_a_room(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add a decaying noise as the room's answer, of 0.15 to 1.2 s to fall by 60 dB."""
    count = int(rng.uniform(0.15, 1.2) * RATE_HZ)
    answer = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    answer = lfilter([1.0], [1.0, -rng.uniform(0.2, 0.85)], answer)
    delay = int(rng.uniform(0, 0.02) * RATE_HZ)
    wet = fftconvolve(sound, answer / np.sqrt((answer**2).sum()))[: len(sound) - delay]
    return sound + rng.uniform(0.05, 0.5) * np.concatenate([np.zeros(delay), wet])


def _equalised(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Filter by a smooth curve of 5 dB standard deviation at seven frequencies."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    gain_db = np.interp(hz, (0, 100, 300, 800, 2000, 5000, RATE_HZ / 2), rng.normal(0, 5, 7))
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(sound))


def _noisy(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add noise between white and brown, 12 to 45 dB below the sound."""
    noise = lfilter([1.0], [1.0, -rng.uniform(0, 0.97)], rng.standard_normal(len(sound)))
    level = np.sqrt((sound**2).mean() / (noise**2).mean()) * 10 ** (-rng.uniform(12, 45) / 20)
    return sound + level * noise


def _compressed(sound: np.ndarray, codec: str, compression_level: float) -> np.ndarray:
    """Encode and decode; the codec's delay is measured and taken away."""
    subtype = {"MP3": "MPEG_LAYER_III", "OGG": "VORBIS"}[codec]
    file = io.BytesIO()
    soundfile.write(file, sound, RATE_HZ, format=codec, subtype=subtype, compression_level=compression_level)
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float64")
    head = min(3 * RATE_HZ, len(sound), len(decoded))
    delay = int(fftconvolve(decoded[:head], sound[:head][::-1]).argmax()) - head + 1
    decoded = decoded[max(delay, 0) :][: len(sound)]
    return np.pad(decoded, (0, len(sound) - len(decoded)))
