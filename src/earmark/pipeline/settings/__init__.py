"""From `conf/` and overrides to checked, typed settings."""
