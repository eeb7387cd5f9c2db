"""How good a model is, with intervals, and beside it what a control reaches."""
