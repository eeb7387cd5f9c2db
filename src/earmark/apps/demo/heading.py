"""The heading of the page: which model it is, what it knows, and what to expect of it."""

from __future__ import annotations

from html import escape

from earmark.bundle import Bundle
from earmark.decisions.dial import STRICTNESS


def heading_html(model: str, bundle: Bundle) -> str:
    """The heading as HTML; names and labels are escaped.

    Args:
        model: What people call the model.
        bundle: The model.
    """
    pieces = len(set(map(str, bundle.references["piece_id"])))
    question = f"{bundle.question.capitalize()} of music" if bundle.question else "Music"
    lines = [
        f"{question}, by what is heard: {', '.join(bundle.labels)}, or unknown.",
        f"Learned from {pieces} pieces. {expected(bundle)}".strip(),
    ]
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f'<header class="earmark-heading"><h1>earmark: {escape(model)}</h1>{paragraphs}</header>'


def expected(bundle: Bundle) -> str:
    """What to expect of a model, by its validation pieces; "" where its bundle does not say."""
    dial = bundle.decision.dial
    if dial is None:
        return ""
    threshold = bundle.decision.threshold
    positions = [name for name in STRICTNESS if dial.threshold(name) == threshold]
    return f"By validation pieces, {dial.expectation(positions[0])}." if positions else ""
