"""Keys in tags, in the three notations of DJ software."""

import pytest

from earmark.apps.tags.notation import NOTATIONS, initial_key
from earmark.decisions.keys import KEYS

# As Mixed In Key prints the Camelot wheel, and Traktor Open Key.
TABLE = {
    "C major": ("C", "8B", "1d"),
    "Db major": ("Db", "3B", "8d"),
    "D major": ("D", "10B", "3d"),
    "Eb major": ("Eb", "5B", "10d"),
    "E major": ("E", "12B", "5d"),
    "F major": ("F", "7B", "12d"),
    "Gb major": ("F#", "2B", "7d"),
    "G major": ("G", "9B", "2d"),
    "Ab major": ("Ab", "4B", "9d"),
    "A major": ("A", "11B", "4d"),
    "Bb major": ("Bb", "6B", "11d"),
    "B major": ("B", "1B", "6d"),
    "C minor": ("Cm", "5A", "10m"),
    "Db minor": ("C#m", "12A", "5m"),
    "D minor": ("Dm", "7A", "12m"),
    "Eb minor": ("Ebm", "2A", "7m"),
    "E minor": ("Em", "9A", "2m"),
    "F minor": ("Fm", "4A", "9m"),
    "Gb minor": ("F#m", "11A", "4m"),
    "G minor": ("Gm", "6A", "11m"),
    "Ab minor": ("G#m", "1A", "6m"),
    "A minor": ("Am", "8A", "1m"),
    "Bb minor": ("Bbm", "3A", "8m"),
    "B minor": ("Bm", "10A", "3m"),
}


@pytest.mark.parametrize("label", TABLE)
def test_the_24_keys_in_each_notation(label):
    assert tuple(initial_key(label, notation) for notation in NOTATIONS) == TABLE[label]


def test_the_table_has_the_keys_that_are_learned_and_no_tag_twice():
    assert set(TABLE) == set(KEYS)
    for column in zip(*TABLE.values(), strict=True):
        assert len(set(column)) == 24
        assert all(0 < len(tag) <= 3 for tag in column)


@pytest.mark.parametrize(
    ("label", "tag"),
    [
        ("F# minor", "F#m"),
        ("C# major", "Db"),
        ("B♭ minor", "Bbm"),
        ("cb major", "B"),
        ("B# minor", "Cm"),
        ("g-MINOR", "Gm"),
        ("bb major", "Bb"),
        ("jig", None),
        ("H minor", None),
        ("A", None),
        ("A minor pentatonic", None),
        ("unknown", None),
    ],
)
def test_however_a_label_spells_it(label, tag):
    assert initial_key(label) == tag
