"""Stage describe: WAV becomes rows of numbers in data/descriptors.csv: timbre, loudness, tempo, key.

python stages/describe.py [overrides]   the path up to here, through the store, below runs/
python stages/describe.py -m …          a sweep of it
"""

from earmark.experiments.launch import launch

if __name__ == "__main__":
    launch(__file__)
