"""Sweeps: Hydra's multirun as one MLflow run with a child for each job, resumable, summed up at its end."""
