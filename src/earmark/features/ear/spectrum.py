"""What the ear's network sees: a constant-Q spectrogram with its harmonics one above the other as channels.

Channel h of row p holds the band at h times the frequency of row p, so that all partials of a note stand in
one place, and one set of weights serves all pitches: a transposition of the sound is a shift of rows.

References:
    J. Brown, "Calculation of a constant Q spectral transform", JASA 89, 1991.
    R. Bittner et al., "Deep salience representations for F0 estimation in polyphonic music", ISMIR 2017.
    R. Bittner et al., "A lightweight instrument-agnostic model for polyphonic note transcription and
        multipitch estimation", ICASSP 2022.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from earmark.foundation.deadline import check_deadline

RATE_HZ = 22_050
HOP_LENGTH = 512  # samples: 43 frames a second
FRAME_RATE_HZ = RATE_HZ / HOP_LENGTH
LOWEST_PITCH, PITCHES = 21, 88  # MIDI numbers: the keys of a piano, A0 to C8
BANDS_PER_SEMITONE = 3
HARMONICS = (0.5, 1, 2, 3, 4, 5, 6, 7)  # half: to tell a note from the octave below it
SEMITONES_BELOW, SEMITONES = 12, 116  # bands begin an octave below the lowest pitch, and reach E9
Q_SHARE = 0.7  # of the periods that would part two bands by their half-power widths: sharper in time
LONGEST_S, SHORTEST = 0.30, 160  # s, samples: bounds of a band's window
SMALLEST_POWER = 1e-10  # -100 dB
FRAMES_AT_A_TIME = 128  # 3 s: of longer sound the overlapping frames would fill the memory
RANGE_DB = 80.0  # below the loudest point of a piece: what the network tells apart
NYQUIST_SHARE = 0.98  # bands above this share of half the sampling rate are left empty


def band_hz(tuning_cents: float = 0.0) -> np.ndarray:
    """Frequencies of the bands.

    Args:
        tuning_cents: Cents by which the music lies above A4 = 440 Hz.

    Returns:
        Hz (bands,): three a semitone, the middle one in tune.
    """
    count = SEMITONES * BANDS_PER_SEMITONE
    pitch = LOWEST_PITCH - SEMITONES_BELOW + (np.arange(count) - 1) / BANDS_PER_SEMITONE
    return 440.0 * 2 ** ((pitch - 69 + tuning_cents / 100) / 12)


@lru_cache(maxsize=4)
def _kernels(tuning_cents: float) -> tuple[tuple[int, np.ndarray], ...]:
    """Frame sizes (samples) and kernels (size, cosines then sines of the bands that need this size)."""
    hz = band_hz(tuning_cents)
    periods = Q_SHARE / (2 ** (1 / (12 * BANDS_PER_SEMITONE)) - 1)
    length = np.clip(periods * RATE_HZ / hz, SHORTEST, LONGEST_S * RATE_HZ)
    heard = hz < NYQUIST_SHARE * RATE_HZ / 2
    sizes = (2 ** np.ceil(np.log2(length))).astype(int)
    kernels = []
    for size in np.unique(sizes)[::-1]:
        bands = np.flatnonzero(sizes == size)
        distance = (np.arange(size) - size // 2)[:, None]
        inside = 2 * np.abs(distance) < length[bands]
        window = np.where(inside, 0.5 + 0.5 * np.cos(2 * np.pi * distance / length[bands]), 0)
        window *= 2 * heard[bands] / window.sum(axis=0)  # a sine of amplitude 1 gives 1
        angle = 2 * np.pi * distance * hz[bands] / RATE_HZ
        kernels.append((int(size), np.hstack([window * np.cos(angle), window * np.sin(angle)])))
    return tuple(kernels)


def constant_q(samples: np.ndarray, tuning_cents: float = 0.0) -> np.ndarray:
    """Levels of all bands.

    Args:
        samples: One channel at RATE_HZ (samples,), float32, full scale 1.
        tuning_cents: Cents by which the music lies above A4 = 440 Hz; the bands are moved by as much.

    Returns:
        Decibels (bands, 1 + samples // HOP_LENGTH), float32; 0 dB is a sine of full scale.
    """
    sound = np.asarray(samples, np.float32)
    frames = 1 + len(sound) // HOP_LENGTH
    levels = []
    for size, kernel in _kernels(float(tuning_cents)):
        padded = np.pad(sound, (size // 2, size // 2 + HOP_LENGTH))
        views = np.lib.stride_tricks.sliding_window_view(padded, size)[::HOP_LENGTH][:frames]
        level = np.empty((kernel.shape[1] // 2, frames), np.float32)
        for start in range(0, frames, FRAMES_AT_A_TIME):
            check_deadline()
            part = slice(start, start + FRAMES_AT_A_TIME)
            # In float64: the last digits of a product depend on the processor, and are rounded off.
            cosines, sines = np.hsplit(np.square(views[part].astype(np.float64) @ kernel), 2)
            level[:, part] = 10 * np.log10(np.maximum(cosines + sines, SMALLEST_POWER)).T
        levels.append(level)
    return np.concatenate(levels)


def harmonic_stack(decibels: np.ndarray, loudest: np.ndarray | float | None = None) -> np.ndarray:
    """The network's input.

    Args:
        decibels: What `constant_q` gives (…, bands, frames).
        loudest: The level that becomes 1; the highest of each (bands, frames) by default.

    Returns:
        (…, harmonics, 3 × pitches, frames) from 0, RANGE_DB below the loudest and less, to 1, float32.
    """
    top = decibels.max(axis=(-2, -1), keepdims=True) if loudest is None else loudest
    levels = np.clip((decibels - top) / RANGE_DB + 1, 0, 1)
    rows, bands = PITCHES * BANDS_PER_SEMITONE, levels.shape[-2]
    stack = np.zeros((*levels.shape[:-2], len(HARMONICS), rows, levels.shape[-1]), np.float32)
    for channel, harmonic in enumerate(HARMONICS):
        start = SEMITONES_BELOW * BANDS_PER_SEMITONE + round(12 * BANDS_PER_SEMITONE * np.log2(harmonic))
        first, last = max(start, 0), min(start + rows, bands)
        stack[..., channel, first - start : last - start, :] = levels[..., first:last, :]
    return stack
