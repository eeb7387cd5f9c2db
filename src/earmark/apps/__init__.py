"""What people start: the command `earmark`, tags, the demo page."""
