"""Stage features: WAV becomes log-mel spectrograms in data/features/.

python stages/features.py [overrides]   the path up to here, through the store, below runs/
python stages/features.py -m …          a sweep of it
"""

from earmark.experiments.launch import launch

if __name__ == "__main__":
    launch(__file__)
