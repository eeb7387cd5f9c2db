"""From what a model gives for clips to a verdict on a piece: a label, or *unknown*."""
