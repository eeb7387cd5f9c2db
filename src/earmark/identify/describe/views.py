"""A picture of one sound, or of several side by side with equal axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from earmark.features.descriptors import Descriptors
from earmark.features.frames import mono
from earmark.features.pitch import PitchSpectrogram
from earmark.features.spectrogram import power_spectrogram
from earmark.foundation.figure import COLOURS, new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_COLUMNS = 1500  # of a spectrogram and of the waveform's outline: more than the picture has pixels
N_FFT, SHORTEST_HOP = 4096, 1024  # samples
SHORTEST_HOP_S = 0.05  # of the pitch spectrogram
RANGE_DB = 80.0  # that spectrograms show below the loudest point of all that stand side by side
SMALLEST_POWER = 1e-12
HALF_BAND = 1 / 6  # semitone, of the pitch spectrogram
LABELS = (
    "amplitude",
    "Hz (linear)",
    "pitch (log frequency)",
    "MFCC",
    "zero crossings\n(share of samples)",
    "spectral centroid\n(Hz)",
)


@dataclass(frozen=True)
class Views:
    """What is drawn of one sound; each array spans its whole length.

    Attributes:
        title: What stands above it.
        duration_s: Its length, seconds.
        nyquist_hz: Half its rate.
        outline: Lowest and highest sample (2, columns).
        linear: Spectrogram in dB (rows, columns), 0 to `nyquist_hz`.
        pitch: Pitch spectrogram in dB (bands, columns), C1 to B7.
        mfcc: (coefficients without the first, columns).
        crossings: Share of samples at which the sign changes (columns,).
        centroid_hz: Spectral centroid (columns,).
    """

    title: str
    duration_s: float
    nyquist_hz: float
    outline: np.ndarray
    linear: np.ndarray
    pitch: np.ndarray
    mfcc: np.ndarray
    crossings: np.ndarray
    centroid_hz: np.ndarray

    @classmethod
    def of(cls, title: str, waveform: np.ndarray, rate_hz: int) -> Views:
        """Compute the views of a waveform.

        Args:
            title: What stands above it.
            waveform: (channels, samples).
            rate_hz: Its rate; more than 8 kHz, so that it has the highest pitches.
        """
        duration_s = waveform.shape[1] / rate_hz
        mixed = mono(waveform)
        size = -(-len(mixed) // MOST_COLUMNS)
        outline = np.pad(mixed, (0, -len(mixed) % size), mode="edge").reshape(-1, size)
        hop = max(SHORTEST_HOP, size)
        descriptors = Descriptors(n_fft=N_FFT, hop_length=hop)
        rows = descriptors(waveform, rate_hz)[0]
        pitch = PitchSpectrogram(hop_s=max(SHORTEST_HOP_S, duration_s / MOST_COLUMNS), top_db=0.0)
        return cls(
            title=title,
            duration_s=duration_s,
            nyquist_hz=rate_hz / 2,
            outline=np.stack([outline.min(axis=1), outline.max(axis=1)]),
            linear=10 * np.log10(power_spectrogram(mixed, N_FFT, hop) + SMALLEST_POWER),
            pitch=pitch(waveform, rate_hz)[0],
            mfcc=rows[6 : 5 + descriptors.n_mfcc],
            crossings=rows[0],
            centroid_hz=rows[1],
        )


def views_picture(views: Sequence[Views], path: Path) -> None:
    """Draw a column for each sound and a row for each of its arrays, with equal axes and colours in a row.

    Args:
        views: The sounds, one or more.
        path: Where the PNG is written to.
    """
    figure = new_figure(1.5 + 6.5 * len(views), 11.0)
    grid = figure.subplots(6, len(views), squeeze=False, sharex=True, sharey="row")
    loudest = {name: max(getattr(view, name).max() for view in views) for name in ("linear", "pitch")}
    # The second coefficient is many times the others: a percentile keeps it from fixing their colours.
    most = max(max(float(np.percentile(abs(view.mfcc), 95)) for view in views), 1e-6)
    for axes, view in zip(grid.T, views, strict=True):
        _draw_outline(axes[0], view)
        top_hz = view.nyquist_hz
        for panel, values, bottom, top in (
            (axes[1], "linear", 0, top_hz),
            (axes[2], "pitch", 24 - HALF_BAND, 108 - HALF_BAND),
        ):
            high = loudest[values]
            _image(panel, view, getattr(view, values), (bottom, top), "magma", high - RANGE_DB, high)
        axes[2].set_yticks(range(24, 109, 12), [f"C{octave}" for octave in range(1, 9)])
        _image(axes[3], view, view.mfcc, (1.5, 1.5 + len(view.mfcc)), "RdBu_r", -most, most)
        for panel, values in ((axes[4], view.crossings), (axes[5], view.centroid_hz)):
            time_s = np.arange(len(values)) * view.duration_s / max(len(values) - 1, 1)
            panel.plot(time_s, values, color=COLOURS[0], linewidth=0.8)
        axes[0].set_title(view.title)
        axes[-1].set_xlabel("seconds")
        axes[-1].set_xlim(0, max(view.duration_s for view in views))
    for row, name in ((grid[4], "crossings"), (grid[5], "centroid_hz")):
        highest = max(getattr(view, name).max() for view in views)
        row[0].set_ylim(0, 1.05 * max(highest, 1e-6))  # once all are drawn: a limit ends autoscaling
    for panel, label in zip(grid[:, 0], LABELS, strict=True):
        panel.set_ylabel(label)
    save_figure(figure, path)


def _draw_outline(axes: Axes, view: Views) -> None:
    """The waveform's outline over time."""
    time_s = np.linspace(0, view.duration_s, view.outline.shape[1])
    axes.fill_between(time_s, *view.outline, color=COLOURS[0], linewidth=0)
    axes.set_ylim(-1, 1)


def _image(
    axes: Axes,
    view: Views,
    values: np.ndarray,
    edges: tuple[float, float],
    cmap: str,
    low: float,
    high: float,
) -> None:
    """Draw an array over time; edges: ends of the vertical axis; low, high: ends of the colour scale."""
    extent = (0, view.duration_s, *edges)
    axes.imshow(values, origin="lower", aspect="auto", extent=extent, cmap=cmap, vmin=low, vmax=high)
