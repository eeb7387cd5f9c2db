"""Errors, files, progress and paths: what every other room may use."""
