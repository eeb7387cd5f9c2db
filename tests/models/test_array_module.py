"""A model of arrays as a module: the same numbers, a state_dict, shapes without values."""

import numpy as np
import pytest
import torch

from earmark.models.array_module import ArrayModule, build_model
from earmark.models.convnet import ConvNet
from earmark.models.key_profiles import KEY_COUNT, KeyProfiles
from earmark.models.timbre_statistics import TimbreStatistics

NODES = {
    "KeyProfiles": {"channels": 2, "bands": 88, "frames": 30, "classes": KEY_COUNT, "penalty": 0.1},
    "TimbreStatistics": {"channels": 1, "bands": 40, "frames": 30, "coefficients": 5, "kernel_features": 8},
    "NoteStatistics": {"channels": 2, "bands": 88, "frames": 30, "pooled_frames": 1, "onset_threshold": 0.5},
}
MODULES = {
    "KeyProfiles": "key_profiles",
    "TimbreStatistics": "timbre_statistics",
    "NoteStatistics": "note_statistics",
}


@pytest.fixture(params=NODES)
def node(request):
    target = f"earmark.models.{MODULES[request.param]}.{request.param}"
    return {"_target_": target, **NODES[request.param]}


def clips(node, count=3):
    shape = (count, node["channels"], node["bands"], node["frames"])
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def fitted(node):
    module = build_model(node)
    summaries = module.summarise(torch.from_numpy(clips(node))).numpy()
    module.fit(summaries, np.array([0, 5, 1]), np.ones(3), seed=0)
    return module


def test_a_module_gives_what_its_model_gives(node):
    module = fitted(node)
    assert isinstance(module, ArrayModule)
    expected = module.model.forward(clips(node))
    np.testing.assert_array_equal(module(torch.from_numpy(clips(node))).numpy(), expected)


def test_a_state_dict_has_all_that_was_learned(node):
    module, other = fitted(node), build_model(node)
    other.load_state_dict(module.state_dict())
    torch.testing.assert_close(other(torch.from_numpy(clips(node))), module(torch.from_numpy(clips(node))))
    arrays = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    assert {name: array.shape for name, array in module.model.arrays().items()} == {
        name: array.shape for name, array in arrays.items()
    }


def test_shapes_are_known_without_values(node):
    with torch.device("meta"):
        module = build_model(node)
        output = module(torch.empty(4, *clips(node).shape[1:]))
    assert output.is_meta
    assert output.shape == fitted(node)(torch.from_numpy(clips(node, 4))).shape


def test_a_module_is_itself():
    settings = {"widths": [4], "embedding": 3, "dropout": 0.0, "statistics": True, "unit": False}
    target = {"_target_": "earmark.models.convnet.ConvNet", "channels": 1, "bands": 16, "frames": 20}
    assert isinstance(build_model({**target, **settings}), ConvNet)


def test_models_of_arrays_say_what_they_give():
    assert (KeyProfiles.gives, TimbreStatistics.gives) == ("scores", "embeddings")
