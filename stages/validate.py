"""Stage validate: what is not music to learn from goes into data/quarantine.csv.

python stages/validate.py [overrides]   the path up to here, through the store, below runs/
python stages/validate.py -m …          a sweep of it
"""

from earmark.experiments.launch import launch

if __name__ == "__main__":
    launch(__file__)
