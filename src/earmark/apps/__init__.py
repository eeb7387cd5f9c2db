"""Programs for users: the command `earmark`, tags of music files, the demo page."""
