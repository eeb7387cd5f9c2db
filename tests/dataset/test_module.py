"""Loaders of clips and class numbers, for one process and for several."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from earmark.dataset.geometry import ClipGeometry
from earmark.dataset.module import ClipModule, LabelledPieces
from earmark.samplers.class_work import ClassWorkSampler

SETTINGS = SimpleNamespace(
    max_gain_db=0.0,
    max_band_shift=0,
    max_masked_bands=0,
)


def sampler(labels, groups, seed, rank, ranks):
    return ClassWorkSampler(labels, groups, 2, 2, 2, 5, seed, rank, ranks)


GEOMETRY = ClipGeometry(frames=10, hop=10, most_clips=2, frame_rate_hz=1.0)


@pytest.fixture
def pieces(tmp_path):
    """Pieces of three labels; every value of piece n is n."""
    rows = [(f"p{number}", "CAB"[number % 3], f"w{number}") for number in range(12)]
    for number, (piece_id, _, _) in enumerate(rows):
        np.save(tmp_path / f"{piece_id}.npy", np.full((1, 3, 20), number, dtype=np.float16))
    table = pd.DataFrame(rows, columns=["piece_id", "label", "group"])
    return [LabelledPieces.of(part, tmp_path) for part in (table[:9], table[9:])]


@pytest.fixture
def module(pieces):
    return ClipModule(*pieces, ["A", "B", "C"], GEOMETRY, SETTINGS, sampler, None, True, seed=0)


def test_pieces_of_a_table(pieces):
    train, validation = pieces
    assert (train.labels, train.groups[0]) == (list("CAB" * 3), "w0")
    assert [int(validation.arrays.piece(row).max()) for row in range(3)] == [9, 10, 11]


def test_training_batches_are_labelled_clips_of_p_classes_and_k_works(module):
    batches = list(module.train_dataloader())
    assert len(batches) == 5
    for clips, numbers in batches:
        assert clips.shape == (8, 1, 3, 10)
        owners = clips[:, 0, 0, 0].int()
        assert (numbers == torch.tensor([2, 0, 1])[owners % 3]).all()  # C, A, B in alphabetical order
        assert set(Counter(owners.tolist()).values()) == {2}
        assert sorted(Counter(numbers.tolist()).values()) == [4, 4]


def test_validation_has_queries_and_references_whole(module):
    for loader, owners in zip(module.val_dataloader(), (range(9, 12), range(9)), strict=True):
        clips, numbers = (torch.cat(column) for column in zip(*loader, strict=True))
        assert clips[:, 0, 0, 0].int().tolist() == [owner for owner in owners for _ in range(2)]
        assert numbers.tolist() == [[2, 0, 1][owner % 3] for owner in owners for _ in range(2)]


def test_several_processes_share_the_batches_and_validate_on_everything(pieces):
    parts = []
    for rank in range(2):
        module = ClipModule(*pieces, ["A", "B", "C"], GEOMETRY, SETTINGS, sampler, None, True, seed=0)
        module.trainer = SimpleNamespace(global_rank=rank, world_size=2)
        parts.append([clips[:, 0, 0, 0].int().tolist() for clips, _ in module.train_dataloader()])
        assert sum(len(numbers) for _, numbers in module.val_dataloader()[0]) == 6
    alone = ClipModule(*pieces, ["A", "B", "C"], GEOMETRY, SETTINGS, sampler, None, True, seed=0)
    for first, second, (clips, _) in zip(*parts, alone.train_dataloader(), strict=True):
        assert Counter(first + second) == Counter(clips[:, 0, 0, 0].int().tolist())
        assert len(first) == len(second)
