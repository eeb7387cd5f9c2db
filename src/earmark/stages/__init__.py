"""The stages: each module has `run(cfg, workspace)`, which reads and writes the files of its stage."""
