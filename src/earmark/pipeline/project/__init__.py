"""A folder of one's own to run the pipeline in: what `earmark init` makes."""
