"""From any file to a verdict that can be trusted: the same way that a training piece goes, with a bundle."""
