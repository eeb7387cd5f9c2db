"""The 24 keys, as labels."""

SEMITONES = 12
# Pitch classes in the order of the keyboard, spelled as most key annotations spell them.
TONICS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
KEYS = tuple(f"{tonic} {mode}" for mode in ("major", "minor") for tonic in TONICS)
"""Majors, then minors, by semitones from C."""
