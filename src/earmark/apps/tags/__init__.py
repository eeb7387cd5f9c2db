"""Tags of music files: read, written, and restored from a log."""
