"""Labels as the settings merge them, and the names of pieces made from label and title."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from earmark.foundation.errors import EarmarkError
from earmark.music.sources.origin import Origin
from earmark.music.sources.spelling import spelled


@dataclass(frozen=True)
class Merge:
    """Several labels under one: `{classical: [concerto, sonata]}`, as conf/data states it.

    Attributes:
        into: The label that replaces another one, by that other one.
    """

    into: Mapping[str, str]

    @classmethod
    def of(cls, setting: Mapping[str, object]) -> Merge:
        """Read the setting `data.merge`.

        Args:
            setting: A list of labels to be replaced, by the label that replaces them.

        Raises:
            EarmarkError: A value is not a list of labels, a label goes two ways or becomes `unknown`.
        """
        into: dict[str, str] = {}
        for written, merged in setting.items():
            label = spelled(str(written))
            if label == "unknown":
                raise EarmarkError(
                    "data.merge: no label can be called unknown, which is the verdict on strangers"
                )
            if not isinstance(merged, list) or not all(isinstance(name, str) for name in merged):
                raise EarmarkError(
                    f"data.merge.{label} must be a list of labels, for example "
                    "data.merge={classical: [concerto, sonata]}"
                )
            for name in map(spelled, merged):
                if into.setdefault(name, label) != label:
                    raise EarmarkError(f"data.merge: {name} goes into both {into[name]} and {label}")
        return cls(into)

    def __call__(self, label: str) -> str:
        """Return the label that stands for `label`, which is itself where nothing is merged."""
        return self.into.get(label, label)


def work_of(origin: Origin, pattern: str) -> str:
    """The work of a piece: what `data.group_pattern` finds in its path, else what its source says.

    Args:
        origin: The piece.
        pattern: A regular expression, what its first group matches names the work; "" for none.

    Raises:
        EarmarkError: The pattern is no regular expression.
    """
    if pattern:
        try:
            match = re.search(
                unicodedata.normalize("NFC", pattern), unicodedata.normalize("NFC", origin.name)
            )
        except re.error as error:
            raise EarmarkError(
                f"data.group_pattern {pattern!r} is not a regular expression: {error}"
            ) from error
        if match:
            return f"{origin.label}/{match.group(1) if match.groups() else match.group(0)}"
    return origin.group or origin.name


def piece_id(label: str, title: str, identity: bytes) -> str:
    """Make a readable name of a piece that is safe as a file name.

    Args:
        label: The piece's label.
        title: Its title.
        identity: What makes the name unique, by a digest: a path, or a file's bytes.
    """
    words = re.sub(r"[^a-z0-9]+", "-", f"{label} {title}".lower()).strip("-")
    return f"{words[:60].rstrip('-')}-{hashlib.sha256(identity).hexdigest()[:8]}".lstrip("-")
