"""What every decision promises to bundles, identify and evaluate."""

import importlib
import pkgutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from earmark import decisions
from earmark.decisions.rejection import UNKNOWN
from earmark.foundation.contracts import FittedDecision
from earmark.foundation.targets import build, kind_of, lacks
from earmark.pipeline.settings.config import compose

CONF = Path(__file__).parents[2] / "conf"
NAMES = sorted(file.stem for file in (CONF / "decision").glob("*.yaml"))
LABELS = ["Ash", "Birch", "Cedar"]


def fitted_classes():
    """The classes with a `kind` that a module of `earmark.decisions` defines: a bundle may name any."""
    for module in pkgutil.iter_modules(decisions.__path__, f"{decisions.__name__}."):
        for member in vars(importlib.import_module(module.name)).values():
            if isinstance(member, type) and member.__module__ == module.name and hasattr(member, "kind"):
                yield member


def test_kinds_are_unique_and_their_classes_fulfil_the_contract():
    classes = list(fitted_classes())
    kinds = Counter(member.kind for member in classes)
    assert set(kinds) >= {"prototypes", "vote"}
    assert set(kinds.values()) == {1}
    assert [(member.__name__, lacks(member, FittedDecision)) for member in classes] == [
        (member.__name__, []) for member in classes
    ]


def piece_of(label, random):
    return (3 * np.eye(3)[label] + random.standard_normal((4, 3))).astype(np.float32)


@pytest.fixture(params=NAMES, scope="module")
def fitted(request, labelled):
    """A decision of conf/decision, fitted on pieces of three labels and on strangers."""
    node = compose(CONF, [f"decision={request.param}"]).decision
    assert kind_of(node, "decision")
    random = np.random.default_rng(0)
    numbers = np.arange(30) % 3
    train, validation = (
        labelled([piece_of(number, random) for number in numbers], np.array(LABELS)[numbers])
        for _ in range(2)
    )
    strangers = [random.standard_normal((4, 3)).astype(np.float32) for _ in range(20)]
    decision = build(node, "decision")
    distances = decision.held_out(LABELS, train, validation)
    assert distances.shape == (30, 3)
    return decision.fit(LABELS, train, validation, strangers)


@pytest.fixture
def clips():
    random = np.random.default_rng(1)
    return [piece_of(number % 3, random) for number in range(12)]


def test_probabilities_add_up_and_confidence_is_that_of_the_nearest(fitted, clips):
    for piece in clips:
        prediction = fitted.predict(piece)
        assert prediction.probabilities.sum() == pytest.approx(1)
        assert prediction.probabilities.min() >= 0
        nearest = fitted.labels.index(prediction.nearest)
        assert prediction.confidence == pytest.approx(prediction.probabilities[nearest], abs=1e-12)
        assert prediction.distance == pytest.approx(prediction.distances[nearest], abs=1e-12)
        np.testing.assert_allclose(prediction.distances, fitted.distances(piece))
        np.testing.assert_allclose(fitted.clip_probabilities(piece).sum(axis=1), 1)
        assert 0 <= prediction.share <= 1
        assert prediction.label in (prediction.nearest, UNKNOWN)
        assert prediction.distance <= fitted.threshold or prediction.label == UNKNOWN


def test_it_comes_back_from_arrays_and_numbers(fitted, clips):
    restored = type(fitted).restore(fitted.labels, fitted.arrays(), fitted.numbers())
    assert {type(value) for value in fitted.numbers().values()} == {float}
    assert (restored.labels, restored.threshold) == (fitted.labels, fitted.threshold)
    for piece in clips:
        one, other = fitted.predict(piece), restored.predict(piece)
        assert (one.label, one.confidence, one.share, one.distance) == (
            other.label,
            other.confidence,
            other.share,
            other.distance,
        )


def test_what_is_missing_is_named(fitted):
    parts = {**fitted.arrays(), **fitted.numbers()}
    parts.pop("evidence_weights", None)  # bundles of version 0.2 have none
    for missing in parts:
        arrays, numbers = (
            {name: value for name, value in given.items() if name != missing}
            for given in (fitted.arrays(), fitted.numbers())
        )
        with pytest.raises(KeyError, match=missing):  # of a dial some arrays, or none at all
            type(fitted).restore(fitted.labels, arrays, numbers)
