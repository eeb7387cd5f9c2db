"""Why this verdict: the spectrogram with the verdict of every clip, and the distance to every label."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from earmark.foundation.figure import COLOURS, new_figure, save_figure
from earmark.identify.identifier import Identifier
from earmark.identify.verdict import Verdict

WIDEST = 2000  # columns of the drawn spectrogram: more than a picture of 1,000 pixels can show


def explain_verdict(identifier: Identifier, found: Verdict, features: np.ndarray, path: Path) -> None:
    """The picture of a verdict that this identifier gave on these features."""
    bundle = identifier.bundle
    explanation_picture(
        found,
        features,
        identifier.recipe.clips.frame_rate_hz,
        bundle.labels,
        bundle.hearing.dataset.clip_s,
        bundle.decision.threshold,
        path,
    )


def explanation_picture(
    found: Verdict,
    features: np.ndarray,
    frame_rate_hz: float,
    labels: list[str],
    clip_s: float,
    threshold: float,
    path: Path,
) -> None:
    """Three rows: features (bands, frames) over time; probabilities of the likeliest labels for each
    clip; distances of the piece to all labels, the threshold as a line."""
    figure = new_figure(9.0, 7.0)
    above, middle, below = figure.subplots(3, 1, height_ratios=[1.2, 1, 1])
    picture = features[0].astype(np.float32)
    step = max(picture.shape[1] // WIDEST, 1)
    length_s = picture.shape[1] / frame_rate_hz
    above.imshow(
        picture[:, ::step], origin="lower", aspect="auto", cmap="magma", extent=(0, length_s, 0, len(picture))
    )
    above.set_ylabel("band")
    above.set_title(f"{Path(found.path).name}: {found.label} (confidence {found.confidence:.2f})")
    likeliest = np.argsort(-found.clip_probabilities.mean(axis=0), kind="stable")[: len(COLOURS)]
    centres_s = found.clip_starts_s + clip_s / 2
    for colour, label in zip(COLOURS, likeliest, strict=False):
        middle.plot(centres_s, found.clip_probabilities[:, label], "o-", color=colour, label=labels[label])
    middle.set_xlim(0, length_s)
    middle.set_ylim(-0.02, 1.02)
    middle.set_xlabel("seconds (middle of the clip)")
    middle.set_ylabel("probability of the clip")
    middle.legend(loc="upper right", fontsize="small", ncols=2)
    order = np.argsort(found.distances, kind="stable")
    below.bar(range(len(order)), found.distances[order], color=COLOURS[0])
    below.set_xticks(range(len(order)), [labels[index] for index in order], rotation=45, ha="right")
    if np.isfinite(threshold):
        below.axhline(threshold, color="black", linestyle="--", label="beyond this: unknown")
        below.legend(fontsize="small")
    below.set_ylabel("distance of the piece")
    save_figure(figure, path)
