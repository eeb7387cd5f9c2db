"""Decisions: from a model's embeddings or scores of clips to a prediction for the piece.

A decision fulfils `earmark.foundation.contracts.Decision`, what it fits `FittedDecision`. Every class here
with a `kind` can be restored from a bundle.
"""
