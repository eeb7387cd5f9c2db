"""What lies in the store: list it, collect what nobody needs, find what was damaged."""
