"""What every model of conf/model promises to training and bundles."""

from pathlib import Path

import numpy as np
import pytest
import torch

from earmark.bundle import MORE_BYTES, NETWORK_RATIO
from earmark.foundation.contracts import ClassicalModel
from earmark.foundation.errors import EarmarkError
from earmark.foundation.onnx_file import check_onnx, session_of
from earmark.foundation.targets import kind_of
from earmark.models.array_module import ArrayModule, build_model
from earmark.models.onnx_export import exported
from earmark.pipeline.settings.config import compose

CONF = Path(__file__).parents[2] / "conf"
MODELS = sorted(file.stem for file in (CONF / "model").glob("*.yaml"))
ANY = (1, 40, 50)  # channels, bands, frames
SHAPES = {  # of those that do not take any
    "author_dense": (1, 1, 200),
    "author_gru": (1, 1, 200),
    "author_rnn": (1, 1, 200),
    "composer_original": (2, 64, 2584),
    "genre_original": (1, 128, 128),
    "key": (1, 72, 50),
    "key_profiles": (2, 88, 400),
    "key_original": (1, 88, 88),
    "note_statistics": (2, 88, 400),
    "notes_and_timbre": (1, 240, 400),
    "rhythm": (1, 40, 200),
}
NOT_STEREO = {
    *("author_dense", "author_gru", "author_rnn", "genre_original"),
    *("key", "key_original", "notes_and_timbre"),
}
# Settings that interpolate the front end's: compose is given another one here.
FROM_FEATURES = {"key": {"bands_per_semitone": 3, "lowest_pitch": 24}}
CLASSES = {"key": 24, "key_original": 24, "key_profiles": 24}
OF_NOTES = {"key_profiles", "note_statistics", "notes_and_timbre"}
CLIPS = 4


class Case:
    """A model of conf/model with the shape of input that suits it."""

    def __init__(self, name):
        self.name, self.shape = name, SHAPES.get(name, ANY)
        self.settings = compose(CONF, [f"model={name}"]).model | FROM_FEATURES.get(name, {})
        self.settings.pop("init", None)  # for training alone: whose weights to start from
        self.kind = kind_of(self.settings, "model")
        self.classes = CLASSES.get(name, 3)

    def node(self, **shape):
        sizes = dict(zip(("channels", "bands", "frames"), self.shape, strict=True)) | shape
        if self.kind.gives == "scores":
            sizes["classes"] = self.classes
        return {**self.settings, **sizes}

    def model(self, seed=0, **shape):
        torch.manual_seed(seed)
        model = build_model(self.node(**shape))
        if isinstance(model, ClassicalModel):
            summaries = model.summarise(self.clips(30, seed=7, **shape)).numpy()
            model.fit(summaries, np.arange(30) % self.classes, np.ones(30), seed)
        return model

    def clips(self, count=CLIPS, seed=1, **shape):
        channels = shape.get("channels", self.shape[0])
        random = torch.Generator().manual_seed(seed)
        share = torch.rand(count, channels, *self.shape[1:], generator=random)
        if self.name in OF_NOTES:
            return share**8  # probabilities, few of them high
        return 15 * share if self.name.startswith("author_") else -80 * share


@pytest.fixture(params=MODELS, scope="module")  # composing takes longer than most of the tests
def case(request):
    return Case(request.param)


def test_it_states_what_it_gives_and_gives_that(case):
    outputs = case.model().eval()(case.clips())
    assert case.kind.gives in ("embeddings", "scores")
    assert (outputs.ndim, len(outputs), outputs.dtype) == (2, CLIPS, torch.float32)
    assert outputs.shape[1] == case.classes if case.kind.gives == "scores" else outputs.shape[1] > 1
    assert outputs.isfinite().all()


def test_clip_by_clip_a_clip_comes_out_in_training_as_it_does_alone(case):
    """Training encodes a clip once for several places of a batch where the model says that it may."""
    assert type(case.kind.clip_by_clip) is bool
    if case.kind.clip_by_clip:
        network, clips = case.model().train(), case.clips()
        twice = network(clips[[0, 1, 0, 2]])
        assert torch.equal(twice[0], twice[2])
        torch.testing.assert_close(twice, network(clips[:3])[[0, 1, 0, 2]], rtol=1e-4, atol=1e-4)


def test_it_can_be_built_without_memory_for_its_weights(case):
    with torch.device("meta"):
        network = build_model(case.node()).eval()
    assert {tensor.device.type for tensor in network.state_dict().values()} == {"meta"}
    assert network(case.clips().to("meta")).shape == (CLIPS, *case.model().eval()(case.clips(1)).shape[1:])


@pytest.mark.parametrize("channels", [1, 2])
def test_one_channel_or_two(case, channels):
    if channels == case.shape[0] or case.name not in {*NOT_STEREO, *OF_NOTES, "composer_original"}:
        outputs = case.model(channels=channels).eval()(case.clips(channels=channels))
        assert outputs.isfinite().all()
    else:
        with pytest.raises(EarmarkError, match="config: model"):
            build_model(case.node(channels=channels))


def test_a_clip_comes_out_alike_in_any_batch(case):
    network = case.model().eval()
    together = network(case.clips())
    alone = torch.cat([network(clip[None]) for clip in case.clips()])
    assert torch.allclose(together, alone, atol=1e-4)


def test_different_clips_are_told_apart(case):
    outputs = case.model().eval()(case.clips())
    assert (torch.pdist(outputs) > 1e-4).all()


def test_every_weight_learns(case):
    network = case.model().train()
    if isinstance(network, ClassicalModel):
        assert list(network.parameters()) == []  # it has learned in `fit`
        return
    target = torch.nn.functional.normalize(torch.randn(CLIPS, network(case.clips()).shape[1]), dim=1)
    (network(case.clips()) - target).square().sum().backward()
    still = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert still == []


def test_equal_seeds_build_equal_models(case):
    one, same, other = (case.model(seed).eval()(case.clips()) for seed in (0, 0, 1))
    assert torch.equal(one, same)
    if case.name not in {"logistic", "timbre_statistics", *OF_NOTES}:  # a unique optimum; nothing is learned
        assert not torch.allclose(one, other, atol=1e-3)


def test_silence_and_loudest_noise_stay_numbers(case):
    network = case.model().eval()
    for level in (-100.0, 0.0):
        assert network(torch.full((2, *case.shape), level)).isfinite().all()


def test_weights_survive_the_way_through_a_file(case, tmp_path):
    from safetensors.torch import load_file, save_file

    network = case.model().eval()
    weights = {name: weight.contiguous() for name, weight in network.state_dict().items()}
    save_file(weights, tmp_path / "weights.safetensors")
    other = case.model(seed=5).eval()
    other.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert torch.equal(network(case.clips()), other(case.clips()))


def test_as_onnx_it_gives_what_it_gives_in_torch(case):
    """Within 1e-5 of the largest output; a bundle takes up to 1e-4. Models of arrays need no torch anyway."""
    model = case.model().eval()
    if isinstance(model, ArrayModule):
        return
    clips = case.clips(5)
    content = exported(model, clips.numpy())
    held = sum(tensor.nbytes for tensor in model.state_dict().values())
    check_onnx(content, int(NETWORK_RATIO * held) + MORE_BYTES)
    session = session_of(content)
    outputs = np.concatenate([session.run(None, {"clips": clip[None]})[0] for clip in clips.numpy()])
    with torch.inference_mode():
        expected = model(clips).numpy()
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
