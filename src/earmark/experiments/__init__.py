"""Runs from the shell: single ones, sweeps, leaderboards, promotion, the model registry."""
