"""Verdicts on new files: a bundle hears them as it heard the pieces it was trained on."""
