"""A picture that explains a verdict: spectrogram, probabilities of every clip, distance to every label."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from earmark.foundation.contracts import NotesFrontEnd
from earmark.foundation.figure import COLOURS, new_figure, save_figure
from earmark.identify.frequencies import band_hz, ticks
from earmark.identify.identifier import Identifier
from earmark.identify.verdict import Verdict

MOST_COLUMNS = 2000  # of the drawn spectrogram: more than a picture of 1,000 pixels can show


def explain_verdict(identifier: Identifier, verdict: Verdict, features: np.ndarray, path: Path) -> None:
    """Draw the picture of a verdict.

    Args:
        identifier: Which gave it.
        verdict: The verdict.
        features: What it was given on (channels, bands, frames).
        path: Where the PNG is written to.
    """
    bundle, front_end = identifier.bundle, identifier.recipe.front_end
    explanation_picture(
        verdict,
        features[1:] if isinstance(front_end, NotesFrontEnd) else features,  # what sounds, not what begins
        identifier.recipe.clips.frame_rate_hz,
        bundle.labels,
        bundle.hearing.dataset.clip_s,
        bundle.decision.threshold,
        path,
        band_hz(front_end, identifier.recipe.format.rate_hz),
    )


def centres(starts_s: np.ndarray, clip_s: float, length_s: float) -> np.ndarray:
    """The middle of what each clip has of a piece (clips,), seconds: a clip may be longer than the piece.

    Args:
        starts_s: Where the clips begin (clips,), seconds.
        clip_s: How long a clip lasts, seconds.
        length_s: How long the piece lasts, seconds.
    """
    return (starts_s + np.minimum(starts_s + clip_s, length_s)) / 2


def explanation_picture(
    verdict: Verdict,
    features: np.ndarray,
    frame_rate_hz: float,
    labels: list[str],
    clip_s: float,
    threshold: float,
    path: Path,
    hz: np.ndarray | None = None,
) -> None:
    """Draw three rows: features over time, probabilities of the likeliest labels for each clip, distances.

    Args:
        verdict: What to explain.
        features: What it was given on (channels, bands, frames); the first channel is drawn.
        frame_rate_hz: Frames a second.
        labels: The known labels, in the order of the verdict's distances.
        clip_s: How long a clip lasts, seconds.
        threshold: The largest distance that is accepted; drawn as a line where it is finite.
        path: Where the PNG is written to.
        hz: Frequencies of the rows (bands,), rising; None where rows are no frequencies.
    """
    figure = new_figure(9.0, 7.0)
    above, middle, below = figure.subplots(3, 1, height_ratios=[1.2, 1, 1])
    picture = features[0].astype(np.float32)
    step = max(picture.shape[1] // MOST_COLUMNS, 1)
    length_s = picture.shape[1] / frame_rate_hz
    above.imshow(
        picture[:, ::step], origin="lower", aspect="auto", cmap="magma", extent=(0, length_s, 0, len(picture))
    )
    if hz is None:
        above.set_ylabel("band")
    else:
        above.set_yticks(*ticks(hz))
        above.set_ylabel("Hz")
    above.set_title(f"{Path(verdict.path).name}: {verdict.label} (confidence {verdict.confidence:.2f})")
    likeliest = np.argsort(-verdict.clip_probabilities.mean(axis=0), kind="stable")[: len(COLOURS)]
    centres_s = centres(verdict.clip_starts_s, clip_s, length_s)
    for colour, label in zip(COLOURS, likeliest, strict=False):
        middle.plot(centres_s, verdict.clip_probabilities[:, label], "o-", color=colour, label=labels[label])
    middle.set_xlim(0, length_s)
    middle.set_ylim(-0.02, 1.02)
    middle.set_xlabel("seconds (middle of the clip)")
    middle.set_ylabel("probability of the clip")
    middle.legend(loc="upper right", fontsize="small", ncols=2)
    order = np.argsort(verdict.distances, kind="stable")
    below.bar(range(len(order)), verdict.distances[order], color=COLOURS[0])
    below.set_xticks(range(len(order)), [labels[index] for index in order], rotation=45, ha="right")
    if np.isfinite(threshold):
        below.axhline(threshold, color="black", linestyle="--", label="beyond this: unknown")
        below.legend(fontsize="small")
    below.set_ylabel("distance of the piece")
    save_figure(figure, path)
