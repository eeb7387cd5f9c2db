"""Stage evaluate: verdicts, metrics, pictures.

python stages/evaluate.py [overrides]   the path up to here, through the store, below runs/
python stages/evaluate.py -m …          a sweep of it
"""

from earmark.experiments.launch import launch

if __name__ == "__main__":
    launch(__file__)
