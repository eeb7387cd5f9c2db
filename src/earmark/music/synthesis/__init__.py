"""MIDI events through FluidSynth to sound."""
