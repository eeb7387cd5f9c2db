"""What is measured of pieces, which are refused, and which are the same music."""
