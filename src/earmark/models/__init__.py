"""Networks and classical models, one architecture per file.

Each is built as `Model(channels=, bands=, frames=, **settings)` and takes (batch, channels, bands,
frames) of float32. Its attribute `gives` says what comes out: "embeddings" (batch, dimensions), or
"scores" (batch, classes) before the softmax; the latter are built with `classes=` as well. Those with
`gradient_free` are fitted by their own `fit`.
"""
