"""Initial weights from another bundle: what fits is copied, and too little is refused."""

import pytest
import torch

from earmark.foundation.errors import EarmarkError
from earmark.models.classifier import Classifier
from earmark.models.dense import Dense
from earmark.models.initial import load_initial

SETTINGS = {"hidden": [8], "embedding": 5, "dropout": 0.0}


def dense(bands=6, **changed):
    return Dense(1, bands, 10, **(SETTINGS | changed))


def classifier(classes):
    return Classifier(1, 6, 10, classes, {"_target_": "earmark.models.dense.Dense", **SETTINGS})


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def test_the_same_model_takes_over_everything(capsys):
    other, model = dense(), dense()
    other(torch.randn(9, 1, 6, 10))  # so that its norm has statistics
    assert load_initial(model, weights(other), "models/old") == len(other.state_dict())
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in weights(other).items())
    assert "9 of 9 tensors from models/old" in capsys.readouterr().out


def test_a_head_for_other_labels_keeps_its_values(capsys):
    other, model = classifier(3), classifier(4)
    head = model.head.weight.clone()
    assert load_initial(model, weights(other), "models/old") == 9
    assert torch.equal(model.head.weight, head)
    assert torch.equal(model.encoder.layers[1].weight, other.encoder.layers[1].weight)
    assert "new are head.weight, head.bias" in capsys.readouterr().out


def test_an_encoder_starts_a_classifier_and_a_classifier_an_encoder():
    for other, model in ((dense(), classifier(3)), (classifier(3), dense())):
        assert load_initial(model, weights(other), "models/old") == 9
        inner, outer = (getattr(one, "encoder", one) for one in (model, other))
        assert torch.equal(inner.layers[4].weight, outer.layers[4].weight)


def test_what_is_copied_is_not_shared():
    other, model = dense(), dense()
    given = other.state_dict()
    load_initial(model, given, "models/old")
    with torch.no_grad():
        model.layers[1].weight.zero_()
    assert given["layers.1.weight"].abs().max() > 0


def test_where_nothing_fits_it_is_refused_in_one_line():
    other, model = dense(bands=7, hidden=[9], embedding=4), dense()
    before = weights(model)
    with pytest.raises(
        EarmarkError, match=r"models/old: 0 of the 2 layers of Dense fit its weights"
    ) as error:
        load_initial(model, weights(other), "models/old")
    assert "\n" not in str(error.value)
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in before.items())


def test_norms_that_fit_by_accident_are_no_start():
    """Another architecture whose biases and norms happen to have the same names and sizes."""
    model = dense()
    flat = {name: tensor for name, tensor in weights(model).items() if tensor.ndim < 2}
    with pytest.raises(EarmarkError, match=r"0 of the \d layers"):
        load_initial(model, flat, "models/old")
