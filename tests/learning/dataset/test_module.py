"""Loaders of clips and class numbers, for one process and for several."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import torch

from earmark.learning.dataset.augment import Augmentation
from earmark.learning.dataset.module import ClipModule
from earmark.learning.dataset.pieces import LabelledPieces, TrainingData
from earmark.learning.samplers.class_work import ClassWorkSampler
from earmark.music.clip_geometry import ClipGeometry

GEOMETRY = ClipGeometry(frames=10, hop=10, most_clips=0, frame_rate_hz=1.0)


def sampler(labels, groups, seed):
    return ClassWorkSampler(labels, groups, 2, 2, 2, 5, seed)


@pytest.fixture
def data(tmp_path):
    """Pieces of three labels; every value of piece n is n."""
    rows = [(f"p{number}", "CAB"[number % 3], f"w{number}") for number in range(12)]
    for number, (piece_id, _, _) in enumerate(rows):
        np.save(tmp_path / f"{piece_id}.npy", np.full((1, 3, 20), number, dtype=np.float16))
    table = pd.DataFrame(rows, columns=["piece_id", "label", "group"])
    parts = [LabelledPieces.of(part, tmp_path) for part in (table[:9], table[9:])]
    return TrainingData(*parts, ["A", "B", "C"], GEOMETRY, sampler, validation_max_clips=2)


@pytest.fixture
def module(data, trainer_settings):
    return ClipModule(data, trainer_settings(), with_references=True)


def loaders_of(module):
    return [module.train_dataloader(), *module.val_dataloader()]


@dataclass
class Strategy:
    """Lightning's, as far as loaders ask for it."""

    root_device: torch.device


@dataclass
class Process:
    """Lightning's trainer in one of several processes, as far as loaders ask for it."""

    global_rank: int
    world_size: int
    strategy: Strategy


def test_pieces_of_a_table(data):
    train, validation = data.train, data.validation
    assert (train.labels, train.groups[0]) == (list("CAB" * 3), "w0")
    assert [int(validation.arrays.piece(row).max()) for row in range(3)] == [9, 10, 11]
    assert data.numbers(validation) == [2, 0, 1]


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


def test_class_scores_are_validated_without_references(data, trainer_settings):
    assert len(ClipModule(data, trainer_settings(), with_references=False).val_dataloader()) == 1


def test_several_processes_share_training_and_validation(data, trainer_settings):
    changed = replace(data, augmentation=Augmentation(max_gain_db=6.0, max_band_shift=1, max_masked_bands=1))
    modules = []
    for rank, ranks in ((0, 2), (1, 2), (0, 1)):
        module = ClipModule(changed, trainer_settings(), with_references=True)
        module.trainer = Process(rank, ranks, Strategy(torch.device("cpu")))
        modules.append(module)
    for loaders in zip(*map(loaders_of, modules), strict=True):
        for first, second, whole in zip(*loaders, strict=True):
            for one, other, both in zip(first, second, whole, strict=True):
                assert torch.equal(one, both[0::2])
                assert torch.equal(other, both[1::2])


@pytest.mark.parametrize("choice", [True, False])
def test_where_the_features_lie_changes_nothing(module, data, trainer_settings, choice):
    other = ClipModule(data, trainer_settings(features_on_device=choice), with_references=True)
    for one, same in zip(loaders_of(module), loaders_of(other), strict=True):
        for (clips, numbers), (same_clips, same_numbers) in zip(one, same, strict=True):
            assert torch.equal(clips, same_clips)
            assert torch.equal(numbers, same_numbers)


def test_features_are_moved_once(data, trainer_settings, monkeypatch):
    module = ClipModule(data, trainer_settings(features_on_device=True), with_references=True)
    before = [len(list(loader)) for loader in loaders_of(module)]
    monkeypatch.setattr("earmark.learning.dataset.arrays.FeatureArrays.piece", lambda self, index: 1 / 0)
    assert [len(list(loader)) for loader in loaders_of(module)] == before == [5, 1, 1]
