"""Stage ingest: the source becomes data/catalog.csv and data/raw/.

python stages/ingest.py [overrides]   the path up to here, through the store, below runs/
python stages/ingest.py -m …          a sweep of it
"""

from earmark.experiments.launch import launch

if __name__ == "__main__":
    launch(__file__)
