"""Loaders of clips and class numbers, for one process and for several."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch

from earmark.learning.dataset.augment import Augmentation
from earmark.learning.dataset.module import ClipModule
from earmark.learning.dataset.pieces import LabelledPieces, TrainingData
from earmark.learning.samplers.class_work import ClassWorkSampler
from earmark.music.clips import ClipGeometry


def sampler(labels, groups, seed):
    return ClassWorkSampler(labels, groups, 2, 2, 2, 5, seed)


GEOMETRY = ClipGeometry(frames=10, hop=10, most_clips=2, frame_rate_hz=1.0)


@pytest.fixture
def pieces(tmp_path):
    """Pieces of three labels; every value of piece n is n."""
    rows = [(f"p{number}", "CAB"[number % 3], f"w{number}") for number in range(12)]
    for number, (piece_id, _, _) in enumerate(rows):
        np.save(tmp_path / f"{piece_id}.npy", np.full((1, 3, 20), number, dtype=np.float16))
    table = pd.DataFrame(rows, columns=["piece_id", "label", "group"])
    return [LabelledPieces.of(part, tmp_path) for part in (table[:9], table[9:])]


@dataclass
class Strategy:
    """What a module asks of a trainer's strategy."""

    root_device: torch.device


@dataclass
class Process:
    """What a module asks of a trainer: which of several processes this is, and on what it trains."""

    global_rank: int
    world_size: int
    strategy: Strategy


@pytest.fixture
def make_module(pieces, trainer_settings):
    """A module of the pieces with references; keywords are trainer settings."""

    def make(augmentation=None, **settings):
        data = TrainingData(
            *pieces,
            ["A", "B", "C"],
            GEOMETRY,
            sampler,
            augmentation or Augmentation(),
            validation_max_clips=2,
        )
        return ClipModule(data, trainer_settings(**settings), with_references=True)

    return make


@pytest.fixture
def module(make_module):
    return make_module()


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


def test_several_processes_share_training_and_validation(make_module):
    modules = []
    for rank, ranks in ((0, 2), (1, 2), (0, 1)):
        module = make_module(Augmentation(max_gain_db=6.0, max_band_shift=1, max_masked_bands=1))
        module.trainer = Process(rank, ranks, Strategy(torch.device("cpu")))
        modules.append(module)
    for loaders in zip(*([m.train_dataloader(), *m.val_dataloader()] for m in modules), strict=True):
        for first, second, whole in zip(*loaders, strict=True):
            for one, other, both in zip(first, second, whole, strict=True):
                assert torch.equal(one, both[0::2])
                assert torch.equal(other, both[1::2])


@pytest.mark.parametrize("choice", [True, False, "auto"])
def test_where_the_features_lie_changes_nothing(module, make_module, choice):
    other = make_module(features_on_device=choice)
    for one, same in zip(
        [module.train_dataloader(), *module.val_dataloader()],
        [other.train_dataloader(), *other.val_dataloader()],
        strict=True,
    ):
        for (clips, numbers), (same_clips, same_numbers) in zip(one, same, strict=True):
            assert torch.equal(clips, same_clips)
            assert torch.equal(numbers, same_numbers)


def test_features_are_moved_once(make_module, monkeypatch):
    module = make_module(features_on_device=True)
    list(module.train_dataloader()), [list(loader) for loader in module.val_dataloader()]
    monkeypatch.setattr("earmark.learning.dataset.arrays.FeatureArrays.piece", lambda self, index: 1 / 0)
    assert len(list(module.train_dataloader())) == 5
    assert [len(list(loader)) for loader in module.val_dataloader()] == [1, 1]
