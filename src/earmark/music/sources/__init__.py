"""Where pieces come from: the music21 package, a folder, a CSV."""
