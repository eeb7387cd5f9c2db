"""Tags of music files: what they are called in each format, written so that it can be taken back."""
