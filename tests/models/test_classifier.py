"""A linear head on an encoder of this package, and on nothing else."""

import pytest
import torch

from earmark.foundation.errors import EarmarkError
from earmark.models.classifier import Classifier
from earmark.models.convnet import ConvNet
from earmark.models.dense import Dense

DENSE = {"_target_": "earmark.models.dense.Dense", "hidden": [8], "embedding": 5, "dropout": 0.0}
CONVNET = {"_target_": "earmark.models.convnet.ConvNet", "widths": [4], "embedding": 7, "dropout": 0.0}
CONVNET |= {"statistics": True, "unit": False}


@pytest.mark.parametrize(("encoder", "kind", "width"), [(DENSE, Dense, 5), (CONVNET, ConvNet, 7)])
def test_the_head_is_as_wide_as_the_encoders_embeddings(encoder, kind, width):
    network = Classifier(1, 24, 30, classes=3, encoder=encoder)
    assert type(network.encoder) is kind
    assert network.head.weight.shape == (3, width)


def test_scores_are_linear_in_the_embeddings():
    network = Classifier(1, 24, 30, classes=3, encoder=CONVNET).eval()
    clips = torch.randn(4, 1, 24, 30)
    expected = network.encoder(clips) @ network.head.weight.T + network.head.bias
    assert torch.allclose(network(clips), expected, atol=1e-5)


def test_finding_the_width_draws_no_random_numbers():
    torch.manual_seed(3)
    wrapped = Classifier(1, 24, 30, classes=3, encoder=CONVNET).encoder.projection.weight
    torch.manual_seed(3)
    bare = ConvNet(1, 24, 30, **{key: value for key, value in CONVNET.items() if key != "_target_"})
    assert torch.equal(wrapped, bare.projection.weight)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "torch.nn.Identity",
        "os.system",
        "earmark.models.convnet.torch.hub.load",
        "earmark.models.convnet.nn",
        "earmark.models.summary.time_summary",
        "earmark.models.nowhere.Net",
        "earmark.modelsque.convnet.ConvNet",
        "earmark.models.classifier.Dense",
    ],
)
def test_what_is_no_model_of_this_package_is_never_run(target):
    with pytest.raises(ValueError, match=r"model.encoder._target_ .*must be a model of earmark.models"):
        Classifier(1, 24, 30, classes=3, encoder={**DENSE, "_target_": target})


def test_an_encoder_that_gives_scores_is_refused():
    encoder = {"_target_": "earmark.models.key_original.KeyOriginal"}
    with pytest.raises(ValueError, match="KeyOriginal gives scores, not embeddings"):
        Classifier(1, 88, 88, classes=24, encoder=encoder)


def test_what_the_encoder_refuses_is_in_the_message():
    with pytest.raises(EarmarkError, match=r"model\.encoder\.embeding is not a setting"):
        Classifier(1, 24, 30, classes=3, encoder={**DENSE, "embeding": 4})
    with pytest.raises(EarmarkError, match="features=mel_original"):
        Classifier(1, 24, 30, 3, {"_target_": "earmark.models.composer_original.ComposerOriginal"})
