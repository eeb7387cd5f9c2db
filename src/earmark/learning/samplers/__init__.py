"""Which pieces make up a training batch: an objective learns from what stands beside what."""
