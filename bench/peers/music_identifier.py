"""What music_identifier (2024) does with its files, as a loop over them.

Before training each MIDI file goes through FluidSynth's command as midi2audio calls it (44.1 kHz, stereo,
reverb and chorus on, the whole piece). In training, the three recordings of a triplet are read
and transformed anew each time: the whole file is read (its published times, 0.27 s a recording, are those
of that), the first 30 s become a log-mel spectrogram by torchaudio.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from bench.peers import fluidsynth_command

CLIP_S = 30
MARGIN, LEARNING_RATE = 1.0, 0.001


def preprocess(files: Sequence[Path], folder: Path, soundfont: Path) -> list[Path]:
    """Render files to WAV; those that do not end or come out empty are left out."""
    wavs = []
    for midi in files:
        wav = folder / f"{midi.stem}.wav"
        if fluidsynth_command.render(midi, wav, soundfont):
            wavs.append(wav)
    return wavs


def spectrogram(wav: Path) -> torch.Tensor:
    """(2, 64, 2584): the first 30 s; silence is added where there are fewer."""
    import soundfile
    from torchaudio.transforms import AmplitudeToDB, MelSpectrogram

    samples, rate_hz = soundfile.read(wav, dtype="float32", always_2d=True)
    length = CLIP_S * rate_hz
    clip = torch.from_numpy(samples.T)[:, :length]
    clip = nn.functional.pad(clip, (0, length - clip.shape[1]))
    mel = MelSpectrogram(rate_hz, n_fft=1024, hop_length=512, n_mels=64)(clip)
    return AmplitudeToDB(top_db=80)(mel)


def batch(triplets: Sequence[tuple[Path, Path, Path]]) -> list[torch.Tensor]:
    """Anchors, positives, negatives, each (triplets, 2, 64, 2584)."""
    return [torch.stack([spectrogram(wav) for wav in column]) for column in zip(*triplets, strict=True)]


class Network(nn.Sequential):
    """Two convolutions and two dense layers."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(2, 16, 5),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 5),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(267_488, 50),
            nn.ReLU(),
            nn.Linear(50, 25),
            nn.ReLU(),
        )


class Training:
    """Its training loop, step by step."""

    def __init__(self) -> None:
        self.network = Network()
        self._loss = nn.TripletMarginLoss(margin=MARGIN)
        self._optimizer = torch.optim.SGD(self.network.parameters(), lr=LEARNING_RATE)

    def step(self, clips: Sequence[torch.Tensor]) -> None:
        """Make a step by anchors, positives and negatives."""
        self._optimizer.zero_grad()
        self._loss(*(self.network(part) for part in clips)).backward()
        self._optimizer.step()
