"""What is kept as tensors is what scikit-learn grew."""

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from earmark.models.forest import Forest


def forest(classes, trees=15, max_depth=5, min_samples_leaf=2):
    return Forest(1, 4, 10, classes, trees=trees, max_depth=max_depth, min_samples_leaf=min_samples_leaf)


def samples(count=150, classes=4, size=8, seed=0):
    random = np.random.default_rng(seed)
    numbers = np.arange(count) % classes
    summaries = random.normal(size=(classes, size))[numbers] + random.normal(size=(count, size))
    # Tenths: many values lie on a threshold or halfway between two
    return np.round(summaries, 1).astype(np.float32), numbers, random.uniform(0.5, 2, count)


def peer(summaries, numbers, weights, trees=15, max_depth=5, min_samples_leaf=2):
    from sklearn.ensemble import RandomForestClassifier

    grown = RandomForestClassifier(
        trees, max_depth=max_depth, min_samples_leaf=min_samples_leaf, random_state=0
    )
    return grown.fit(summaries, numbers, sample_weight=weights)


@pytest.mark.parametrize(
    ("classes", "max_depth", "min_samples_leaf"), [(2, 1, 1), (5, 4, 2), (5, 10, 1), (2, 6, 40)]
)
def test_probabilities_are_scikit_learns_after_a_way_through_a_file_too(classes, max_depth, min_samples_leaf):
    bounds = {"max_depth": max_depth, "min_samples_leaf": min_samples_leaf}
    summaries, numbers, weights = samples(classes=classes)
    model = forest(classes, **bounds)
    model.fit(summaries, numbers, weights, seed=0)
    again = forest(classes, **bounds)
    again.load_state_dict(load(save(model.state_dict())))
    asked = np.concatenate([summaries, samples(seed=9)[0], np.full((1, 8), 1e6, np.float32)])
    expected = peer(summaries, numbers, weights, **bounds).predict_proba(asked)
    for one in (model, again):
        assert one.scores(torch.from_numpy(asked)).exp().numpy() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("present", [[3], [1, 4], [0, 2, 5]])
def test_a_label_without_clips_is_never_chosen(present):
    summaries, numbers, weights = samples(classes=len(present))
    model = forest(classes=6)
    model.fit(summaries, np.array(present)[numbers], weights, seed=0)
    probabilities = model.scores(torch.from_numpy(summaries)).exp().numpy()
    absent = [number for number in range(6) if number not in present]
    assert (probabilities[:, absent] < 1e-7).all()
    expected = peer(summaries, numbers, weights).predict_proba(summaries)
    assert probabilities[:, present] == pytest.approx(expected, abs=1e-5)


def test_clips_are_scored_by_their_summaries():
    model, clips = forest(classes=4), torch.randn(150, 1, 4, 10)
    model.fit(model.summarise(clips).numpy(), samples()[1], np.ones(150), seed=0)
    assert torch.equal(model(clips), model.scores(model.summarise(clips)))


def test_equal_seeds_grow_equal_forests():
    grown = []
    for seed in (0, 0, 1):
        model = forest(classes=4)
        model.fit(*samples(), seed=seed)
        grown.append(model.threshold)
    assert torch.equal(grown[0], grown[1])
    assert not torch.equal(grown[0], grown[2])


def test_a_second_fit_leaves_nothing_of_the_first():
    twice, once = forest(classes=6), forest(classes=6)
    twice.fit(*samples(classes=6), seed=3)
    for model in (twice, once):
        model.fit(*samples(classes=2), seed=0)
    assert all(torch.equal(one, other) for one, other in zip(twice.buffers(), once.buffers(), strict=True))


def test_before_the_fit_all_classes_are_alike():
    probabilities = forest(classes=4)(torch.randn(2, 1, 4, 10)).exp()
    assert torch.allclose(probabilities, torch.full((2, 4), 0.25))


@pytest.mark.parametrize(
    "changed", [{"trees": 0}, {"min_samples_leaf": 0}, {"max_depth": 0}, {"max_depth": 40}]
)
def test_impossible_settings_are_refused(changed):
    with pytest.raises(ValueError, match=next(iter(changed))):
        forest(classes=2, **changed)
