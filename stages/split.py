"""Stage split: works are dealt into train, validation and test.

python stages/split.py [overrides]   the path up to here, through the store, below runs/
python stages/split.py -m …          a sweep of it
"""

from earmark.experiments.launch import launch

if __name__ == "__main__":
    launch(__file__)
