"""Commands of `earmark`, one module each."""
