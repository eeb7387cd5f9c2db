"""The content of the page for one file: verdict in words, bars, neighbours, sound and picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.decisions.rejection import UNKNOWN
from earmark.foundation.errors import describe
from earmark.identify.explain import explain_verdict
from earmark.music.recordings.formats import media_of

if TYPE_CHECKING:
    from earmark.foundation.deadline import Deadline
    from earmark.identify.limited import LimitedIdentifier
    from earmark.identify.verdict import Verdict

NEAREST_COLUMNS = ["label", "training piece", "here", "there", "distance"]


@dataclass(frozen=True)
class Answer:
    """The answer to a file.

    Attributes:
        title: The file's name.
        words: The verdict as plain text, never markup; where `failed`, why there is none, in one line.
        failed: Whether there is no verdict.
        bars: Mean probability of each label over the excerpts, 0 to 1.
        nearest: Rows of NEAREST_COLUMNS.
        sound: The WAV that the model heard.
        picture: PNG of the spectrogram with the probabilities over time.
    """

    title: str
    words: str
    failed: bool = False
    bars: dict[str, float] = field(default_factory=dict)
    nearest: list[list[str]] = field(default_factory=list)
    sound: Path | None = None
    picture: Path | None = None

    def html(self) -> str:
        """Title and words as HTML; names of files and labels are escaped."""
        role, kind = ("alert", "failed") if self.failed else ("status", "verdict")
        return (
            f'<div role="{role}" class="earmark-{kind}">'
            f"<h2>{escape(self.title)}</h2><p>{escape(self.words)}</p></div>"
        )

    def nearest_html(self) -> str:
        """The rows of `nearest` as a table in HTML."""
        head = "".join(f'<th scope="col">{name}</th>' for name in NEAREST_COLUMNS)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in self.nearest
        )
        return (
            "<table><caption>Nearest training pieces, and where the most similar excerpts begin "
            f"(minutes:seconds)</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def answer(limited: LimitedIdentifier, file: Path, folder: Path, deadline: Deadline) -> Answer:
    """Answer a file, by the same recipe as `earmark identify`. An error becomes a failed answer.

    Args:
        limited: Of the model.
        file: The upload.
        folder: Where sound and picture are written to.
        deadline: By when there must be an answer.
    """
    try:
        with limited.at_work(deadline):
            return _answer(limited, file, folder)
    except Exception as error:  # the page goes on, whatever is wrong with a file
        # The page does not show where the server keeps an upload.
        words = describe(error).replace(str(file), file.name)
        return Answer(file.name, f"cannot be heard: {words}", failed=True)


def _answer(limited: LimitedIdentifier, file: Path, folder: Path) -> Answer:
    limited.check(file)
    identifier = limited.identifier
    sound, picture = folder / "heard.wav", folder / "picture.png"
    recipe = identifier.recipe
    recipe.wav(file, sound)
    recipe.check_music(sound)
    features = recipe.hear(file) if recipe.reads_notes(media_of(file)) else recipe.features(sound)
    verdict = identifier.from_features(file.name, features)
    bundle = identifier.bundle
    explain_verdict(identifier, verdict, features, picture)
    return Answer(
        title=file.name,
        words=in_words(verdict),
        bars=dict(zip(bundle.labels, verdict.clip_probabilities.mean(axis=0).tolist(), strict=True)),
        nearest=nearest_rows(verdict),
        sound=sound,
        picture=picture,
    )


def in_words(verdict: Verdict) -> str:
    """A verdict as text: `jig, confidence 0.93`, or `unknown (jig?): distance 3.1 is above 2.5`."""
    if verdict.label == UNKNOWN:
        return f"{UNKNOWN} ({verdict.nearest_label}?): {verdict.reason}"
    return f"{verdict.label}, confidence {verdict.confidence:.2f}"


def nearest_rows(verdict: Verdict) -> list[list[str]]:
    """Rows of NEAREST_COLUMNS for the neighbours of a verdict."""
    return [
        [
            other.label,
            other.title or other.piece_id,
            *other.starts,
            f"{other.distance:.2f}",
        ]
        for other in verdict.neighbours
    ]
