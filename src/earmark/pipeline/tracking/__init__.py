"""Runs as MLflow keeps them: config, curves, files, and where they came from."""
