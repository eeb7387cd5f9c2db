"""Encoders, one architecture per file: (batch, channels, bands, frames) to (batch, embedding)."""
