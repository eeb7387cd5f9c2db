"""Clips of pieces as a model is fed with them."""
