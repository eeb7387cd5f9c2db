"""Stage train: a bundle in models/ and a run in MLflow.

python stages/train.py [overrides]   the path up to here, through the store, below runs/
python stages/train.py -m …          a sweep of it
"""

from earmark.experiments.launch import launch

if __name__ == "__main__":
    launch(__file__)
