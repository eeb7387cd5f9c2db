"""Makers of labelled pieces."""

import pytest

from earmark.foundation.contracts import LabelledClips


@pytest.fixture(scope="session")
def labelled():
    """LabelledClips of clips and labels; each piece is a work of its own unless works are given."""

    def pieces(clips, labels, works=None):
        numbered = [f"work {number:03}" for number in range(len(clips))]
        return LabelledClips(list(clips), list(labels), numbered if works is None else list(works))

    return pieces
