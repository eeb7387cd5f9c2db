"""Recordings as people have them: how long a file should last, and how it is decoded whole."""
