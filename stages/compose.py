"""Stage compose: conf/ and overrides.yaml become params.yaml.

python stages/compose.py [overrides]   the path up to here, through the store, below runs/
python stages/compose.py -m …          a sweep of it
"""

from earmark.experiments.launch import launch

if __name__ == "__main__":
    launch(__file__)
