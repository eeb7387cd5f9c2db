"""The 24 keys, as labels."""

SEMITONES = 12
"""Pitch classes of an octave."""

TONICS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
"""Pitch classes by semitones from C, in the spelling of most key annotations."""

KEYS = tuple(f"{tonic} {mode}" for mode in ("major", "minor") for tonic in TONICS)
"""Majors, then minors, by semitones from C."""
