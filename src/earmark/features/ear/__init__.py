"""The ear: which notes begin and sound in a recording, whatever plays them.

`spectrum` is what its network sees, `network` the network, `tuning` how far the music lies from A4 = 440 Hz,
`hearing` all three on a waveform, and `decode` makes notes of the result. The weights in this folder were
trained by the pipeline in the checkout's `ear/`.
"""
