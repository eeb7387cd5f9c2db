"""Benchmarks against peers: `make bench`, or `python -m bench ROW…`.

Each row of the table in docs/performance.md is a module in `rows/` with `measure(settings)`, which gives
one or more results. What a row is compared with is written independently in `peers/`, in the most
straightforward way, and measured in the same run, alternately with earmark.
"""
