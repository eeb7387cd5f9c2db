"""Objectives: what training minimises, from what a model gives for a batch and its class numbers."""
