"""Keys in tags: three characters at most."""

import pytest

from earmark.apps.tags.notation import initial_key
from earmark.learning.dataset.transpose import KEYS


@pytest.mark.parametrize(
    ("label", "tag"),
    [
        ("C major", "C"),
        ("Db major", "Db"),
        ("A minor", "Am"),
        ("F# minor", "F#m"),
        ("B♭ minor", "Bbm"),
        ("g-MINOR", "Gm"),
        ("bb major", "Bb"),
        ("jig", None),
        ("H minor", None),
        ("A", None),
        ("A minor pentatonic", None),
        ("unknown", None),
    ],
)
def test_as_id3_writes_them(label, tag):
    assert initial_key(label) == tag


def test_the_24_keys_that_are_learned_have_24_tags_of_up_to_three_characters():
    tags = {initial_key(label) for label in KEYS}
    assert len(tags) == 24
    assert all(0 < len(tag) <= 3 for tag in tags)
