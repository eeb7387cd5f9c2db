"""What is said of a passage by its notes alone: harmony, melody, rhythm, texture, as one vector."""
