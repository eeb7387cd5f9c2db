"""Stage render: MIDI and recordings become WAV in data/audio/.

python stages/render.py [overrides]   the path up to here, through the store, below runs/
python stages/render.py -m …          a sweep of it
"""

from earmark.experiments.launch import launch

if __name__ == "__main__":
    launch(__file__)
