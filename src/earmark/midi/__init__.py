"""MIDI: read, measure, arrange."""
