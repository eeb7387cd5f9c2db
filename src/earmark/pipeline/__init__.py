"""The stages of `dvc repro`, one module each, and what they share."""
