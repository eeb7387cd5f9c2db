"""What the page says of one file: the verdict in words, bars, neighbours, the sound and its picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.decisions.rejection import UNKNOWN
from earmark.foundation.errors import describe
from earmark.identify.explain import explain_verdict

if TYPE_CHECKING:
    from earmark.identify.identifier import Identifier
    from earmark.identify.verdict import Verdict

NEAREST_COLUMNS = ["label", "training piece", "here", "there", "distance"]


@dataclass(frozen=True)
class Answer:
    """words: of plain text, never markup; where `failed` they say in one line why there is no verdict.

    bars: mean probability of each label over the excerpts, 0 to 1. nearest: rows of NEAREST_COLUMNS.
    sound: the WAV that the model heard. picture: PNG of the spectrogram with the verdicts over time.
    """

    title: str
    words: str
    failed: bool = False
    bars: dict[str, float] = field(default_factory=dict)
    nearest: list[list[str]] = field(default_factory=list)
    sound: Path | None = None
    picture: Path | None = None

    def html(self) -> str:
        """Title and words as HTML in which names of files and labels can be no markup."""
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


def answer(identifier: Identifier, file: Path, folder: Path) -> Answer:
    """The answer to a file; sound and picture are written into `folder`. Never raises an Exception.

    The sound is made and heard by the same recipe as `earmark identify` uses.
    """
    try:
        return _answer(identifier, file, folder)
    except Exception as error:  # the page goes on, whatever is wrong with a file
        # Where the server keeps an upload concerns nobody.
        words = describe(error).replace(str(file), file.name)
        return Answer(file.name, f"cannot be heard: {words}", failed=True)


def _answer(identifier: Identifier, file: Path, folder: Path) -> Answer:
    sound, picture = folder / "heard.wav", folder / "picture.png"
    recipe = identifier.recipe
    recipe.wav(file, sound)
    recipe.check_music(sound)
    features = recipe.features(sound)
    found = identifier.from_features(file.name, features)
    bundle = identifier.bundle
    explain_verdict(identifier, found, features, picture)
    return Answer(
        title=file.name,
        words=in_words(found),
        bars=dict(zip(bundle.labels, found.clip_probabilities.mean(axis=0).tolist(), strict=True)),
        nearest=nearest_rows(found),
        sound=sound,
        picture=picture,
    )


def in_words(found: Verdict) -> str:
    """`jig, confidence 0.93`; of what is unknown also the label that it is nearest to."""
    said = found.label
    if said == UNKNOWN:
        said = f"{UNKNOWN}; nearest is {found.nearest_label}"
    return f"{said}, confidence {found.confidence:.2f}"


def nearest_rows(found: Verdict) -> list[list[str]]:
    """Rows of NEAREST_COLUMNS: where the most similar excerpts begin, here and in the training piece."""
    return [
        [
            other.label,
            other.title or other.piece_id,
            *other.starts,
            f"{other.distance:.2f}",
        ]
        for other in found.neighbours
    ]
