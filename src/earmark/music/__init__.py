"""Music as it comes and as it sounds: the piece table, sources, MIDI, synthesis, recordings."""
