"""What is kept as tensors is what scikit-learn fitted."""

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from earmark.models.logistic import Logistic


def logistic(classes, bands=4, penalty_c=1.0, max_iterations=1000):
    return Logistic(1, bands, 10, classes, penalty_c=penalty_c, max_iterations=max_iterations)


def samples(count=120, classes=4, size=8, seed=0):
    random = np.random.default_rng(seed)
    numbers = np.arange(count) % classes
    centres = random.normal(size=(classes, size))
    # dB levels: far from 0, each band with a scatter of its own
    summaries = -40 + (centres[numbers] + random.normal(size=(count, size))) * random.uniform(0.5, 9, size)
    return summaries.astype(np.float32), numbers, random.uniform(0.5, 2, count)


def peer(summaries, numbers, weights, penalty_c=1.0):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=penalty_c, max_iter=1000))
    given = {"standardscaler__sample_weight": weights, "logisticregression__sample_weight": weights}
    return pipeline.fit(summaries, numbers, **given)


@pytest.mark.parametrize(("classes", "penalty_c"), [(2, 0.1), (3, 10.0), (7, 0.1)])
def test_probabilities_are_scikit_learns_after_a_way_through_a_file_too(classes, penalty_c):
    summaries, numbers, weights = samples(classes=classes)
    model = logistic(classes, penalty_c=penalty_c)
    model.fit(summaries, numbers, weights, seed=0)
    again = logistic(classes, penalty_c=penalty_c)
    again.load_state_dict(load(save(model.state_dict())))
    asked = samples(seed=9, classes=classes)[0]
    expected = peer(summaries, numbers, weights, penalty_c).predict_proba(asked)
    for one in (model, again):
        probabilities = one.scores(torch.from_numpy(asked)).softmax(dim=1).numpy()
        assert probabilities == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("present", [[1], [1, 4], [0, 2, 4]])
def test_a_label_without_clips_is_never_chosen(present):
    summaries, numbers, weights = samples(classes=len(present))
    model = logistic(classes=6)
    model.fit(summaries, np.array(present)[numbers], weights, seed=0)
    probabilities = model.scores(torch.from_numpy(summaries)).exp().numpy()
    absent = [number for number in range(6) if number not in present]
    assert (probabilities[:, absent] < 1e-7).all()
    assert probabilities[:, present].sum(axis=1) == pytest.approx(1, abs=1e-5)
    if len(present) > 1:
        expected = peer(summaries, numbers, weights).predict_proba(summaries)
        assert probabilities[:, present] == pytest.approx(expected, abs=1e-5)


def test_clips_are_scored_by_their_summaries():
    model, clips = logistic(classes=4), torch.randn(120, 1, 4, 10)
    model.fit(model.summarise(clips).numpy(), samples()[1], np.ones(120), seed=0)
    assert model.summarise(clips).shape == (120, 8)
    assert torch.equal(model(clips), model.scores(model.summarise(clips)))


def test_a_band_that_never_changes_does_no_harm():
    summaries, numbers, weights = samples()
    summaries[:, 3] = -80
    model = logistic(classes=4)
    model.fit(summaries, numbers, weights, seed=0)
    assert model.scores(torch.from_numpy(summaries)).isfinite().all()


def test_too_few_iterations_are_reported(capsys):
    model = logistic(classes=4, max_iterations=1)
    model.fit(*samples(), seed=0)
    assert "had not converged after model.max_iterations=1" in capsys.readouterr().out


def test_before_the_fit_all_classes_are_alike():
    assert logistic(classes=4)(torch.randn(2, 1, 4, 10)).exp().tolist() == [[0.25] * 4] * 2


@pytest.mark.parametrize("changed", [{"penalty_c": 0}, {"max_iterations": 0}])
def test_impossible_settings_are_refused(changed):
    with pytest.raises(ValueError, match="must be above 0 and max_iterations"):
        logistic(classes=2, **changed)
