"""Networks and classical models, one architecture per file.

Each is built as `Model(channels=, bands=, frames=, **settings)` and takes clips (batch, channels, bands,
frames) of float32. Its attribute `gives` says what it returns: "embeddings" (batch, dimensions), or "scores"
(batch, classes) before the softmax; models of the latter kind are built with `classes=` as well. A classical
model is fitted at once, without gradients (`earmark.foundation.contracts.ClassicalModel`).
"""
