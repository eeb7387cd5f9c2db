"""A training step, data and network, against music_identifier's loop; the default network's waiting."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch

from bench.checkout import Checkout, new_checkout
from bench.music import sample
from bench.peers import music_identifier
from bench.result import AT_LEAST, AT_MOST, Result, seconds
from bench.rows.preprocessing import lay_out, prepared
from bench.rows.rendering import render
from bench.settings import Settings

LEAST_DATA, LEAST_STEP, MOST_WAITING = 15.0, 8.0, 0.1
TRIPLETS = 16  # a batch, as published
ORIGINAL = ["experiment=composer_original", "trainer=cpu", "trainer.max_epochs=5", "trainer.max_steps=-1"]
DEFAULT = ["experiment=composer", "trainer=cpu", "trainer.max_epochs=3"]


def measure(settings: Settings) -> list[Result]:
    """Both on the CPU with as many threads as there are cores; the same triplets of the same pieces."""
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    checkout = _original(settings)
    triplets = _triplets(checkout)
    wavs = _recordings(checkout, {piece for triplet in triplets for piece in triplet}, settings.scratch)
    theirs = _Peer(wavs, triplets)
    # One batch before and one after ours: other users of the machine slow both alike.
    theirs.batch(0)
    ours = _watched(checkout, ORIGINAL)
    theirs.batch(1)
    own_data_s, own_step_s = (3 * ours[name] / ours["clips"] for name in ("data_s", "step_s"))
    data_s, step_s = theirs.data_s / theirs.triplets, theirs.step_s / theirs.triplets
    waiting = _watched(prepared(settings)[0], DEFAULT)
    return [
        Result(
            "training: time on data, composer_original",
            data_s / own_data_s,
            LEAST_DATA,
            "× less",
            AT_LEAST,
            f"a triplet: theirs {1000 * data_s:.0f} ms, ours {1000 * own_data_s:.1f} ms; CPU",
        ),
        Result(
            "training: whole step, composer_original",
            (data_s + step_s) / (own_data_s + own_step_s),
            LEAST_STEP,
            "× less",
            AT_LEAST,
            f"a triplet: theirs {1000 * (data_s + step_s):.0f} ms, {1000 * step_s:.0f} of them network; ours "
            f"{1000 * (own_data_s + own_step_s):.0f} ms, {1000 * own_step_s:.0f} of them network; of the "
            f"{3 * TRIPLETS} clips of a batch {_different(triplets)} differ; CPU",
        ),
        Result(
            "training: waiting for data, default network",
            waiting["data_s"] / (waiting["data_s"] + waiting["step_s"]),
            MOST_WAITING,
            "of the step",
            AT_MOST,
            f"{waiting['clips'] / (waiting['data_s'] + waiting['step_s']):.0f} clips of 10 s a second; CPU",
        ),
    ]


def _original(settings: Settings) -> Checkout:
    folder = settings.scratch / "sample-original"
    lay_out(sample(settings), folder)
    checkout = new_checkout(settings, "original", ["experiment=composer_original"], folder)
    checkout.use()
    checkout.repro("features", "split")
    return checkout


def _triplets(checkout: Checkout) -> list[tuple[str, str, str]]:
    """The first two batches that the sampler draws: piece_ids of anchor, positive, negative."""
    from earmark.learning.samplers.anchors import AnchorTriplets
    from earmark.music.catalog import read_table

    splits = read_table(checkout.root / "data" / "splits.csv")
    train = splits[(splits.role == "known") & (splits.split == "train")].reset_index(drop=True)
    sampler = AnchorTriplets(list(train.label), list(train.group), TRIPLETS, seed=0)
    triplets = []
    for batch in list(sampler)[:2]:
        third = len(batch) // 3
        names = [train.piece_id[index] for index in batch]
        triplets += zip(names[:third], names[third : 2 * third], names[2 * third :], strict=True)
    return triplets


def _different(triplets: list[tuple[str, str, str]]) -> int:
    """Pieces of the first batch: their first 30 s are their only clip."""
    return len({piece for triplet in triplets[:TRIPLETS] for piece in triplet})


def _recordings(checkout: Checkout, pieces: set[str], scratch: Path) -> dict[str, Path]:
    """Whole recordings, 44.1 kHz stereo, as music_identifier has them on disk."""
    from joblib import Parallel, delayed

    folder = scratch / "recordings-original"
    folder.mkdir()
    wavs = {piece: folder / f"{piece}.wav" for piece in sorted(pieces)}
    raw = checkout.root / "data" / "raw"
    Parallel(n_jobs=-1)(delayed(render)(raw / f"{piece}.mid", wav, 44_100) for piece, wav in wavs.items())
    return wavs


class _Peer:
    """The training loop of music_identifier, batch by batch.

    Attributes:
        data_s: Making batches, a sum so far.
        step_s: Making steps, a sum so far.
        triplets: In those batches.
    """

    def __init__(self, wavs: dict[str, Path], triplets: list[tuple[str, str, str]]) -> None:
        self._rows = [(wavs[anchor], wavs[same], wavs[other]) for anchor, same, other in triplets]
        self._training = music_identifier.Training()
        # Not timed: libraries are loaded, and choose their kernels.
        music_identifier.spectrogram(next(iter(wavs.values())))
        self._training.step([torch.zeros(1, 2, 64, 2584)] * 3)
        self.data_s = self.step_s = 0.0
        self.triplets = 0

    def batch(self, number: int) -> None:
        rows = self._rows[number * TRIPLETS :][:TRIPLETS]
        clips: list[torch.Tensor] = []
        self.data_s += seconds(lambda: clips.extend(music_identifier.batch(rows)))
        self.step_s += seconds(lambda: self._training.step(clips))
        self.triplets += len(rows)


def _watched(checkout: Checkout, overrides: list[str]) -> dict[str, float]:
    if not (checkout.root / "data" / "splits.csv").is_file():
        checkout.repro("features", "split")
    return json.loads(checkout.run("python", "-m", "bench.stopwatch", *overrides).splitlines()[-1])
