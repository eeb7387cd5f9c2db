"""Training: clips, batches, losses, and the loop that fits a model."""
