"""The pipeline that makes the ear's weights: targets, scenes, effects, the network that is trained."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.numpy import load_file

PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(PROJECT))

from ear.effects import spoilt  # noqa: E402
from ear.export import model_of  # noqa: E402
from ear.model import EarNetwork  # noqa: E402
from ear.parts import Part, accompaniment  # noqa: E402
from ear.scene import in_succession, scene  # noqa: E402
from ear.scores import is_held_out, names  # noqa: E402
from ear.settings import section  # noqa: E402
from ear.targets import targets  # noqa: E402
from earmark.features.ear.network import MODEL, WEIGHTS, logits, session_of  # noqa: E402
from earmark.features.ear.spectrum import FRAME_RATE_HZ, RATE_HZ  # noqa: E402
from earmark.music.midi.notes import notes_of  # noqa: E402


def test_the_main_pipeline_does_not_rebuild_the_ear():
    """DVC joins pipelines where one's output lies in a folder that the other depends on."""
    stages = yaml.safe_load((PROJECT / "ear" / "dvc.yaml").read_text())["stages"].values()
    outs = [next(iter(out)) if isinstance(out, dict) else out for stage in stages for out in stage["outs"]]
    main = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"].values()
    deps = [dep for stage in main for dep in stage["deps"]]
    assert outs
    assert [out for out in outs for dep in deps if Path(out).is_relative_to(dep)] == []


def test_targets_of_a_note():
    onset, sounding = targets(np.array([[1.0, 2.0, 69]]), 100)
    assert np.flatnonzero(sounding[48]) == pytest.approx(np.arange(43, 86))
    assert set(np.flatnonzero(onset[48])) <= {42, 43, 44}
    assert onset[48].argmax() == round(FRAME_RATE_HZ)
    assert onset.sum() == onset[48].sum()


def test_the_folded_weights_do_what_the_trained_network_does():
    torch.manual_seed(0)
    network = EarNetwork(channels=4)
    stack = torch.rand(2, 8, 264, 30)
    network.train()
    for _ in range(3):
        network(torch.rand(2, 8, 264, 30))  # so that the running means are not those of the start
    network.eval()
    with torch.inference_mode():
        expected = network(stack).numpy()
    weights = {name: tensor.numpy() for name, tensor in network.folded().items()}
    session = session_of(model_of(weights).SerializeToString())
    np.testing.assert_allclose(logits(session, stack.numpy()), expected, atol=1e-4)


def test_the_shipped_network_is_that_of_the_shipped_weights():
    assert model_of(load_file(WEIGHTS)).SerializeToString(deterministic=True) == MODEL.read_bytes()


@pytest.mark.parametrize("is_piano", [True, False])
def test_a_scene_plays_the_notes_that_it_states(is_piano):
    rng = np.random.default_rng(1)
    parts = [accompaniment(10.0, rng), Part(np.arange(8) + 0.2, np.full(8, 0.5), 60 + np.arange(8))]
    one = scene(parts, is_piano, 10.0, rng)
    played = notes_of(in_succession([one], 10.0))
    melodic = ~played.is_drum
    assert set(one.notes[:, 2]) == set(played.pitch[melodic].tolist())
    stated = {(round(onset, 2), pitch) for onset, _, pitch in one.notes}
    assert len(stated) <= melodic.sum()
    ends = one.notes[:, 1] > one.notes[:, 0]
    assert ends.all()


def test_unisons_are_one_note():
    rng = np.random.default_rng(2)
    part = Part(np.array([1.0, 2.0]), np.array([0.5, 0.5]), np.array([60, 62]))
    assert len(scene([part, part], False, 4.0, rng).notes) == 2


@pytest.mark.parametrize("seed", range(12))
def test_effects_keep_length_and_time(seed):
    rng = np.random.default_rng(seed)
    sound = np.zeros(2 * RATE_HZ)
    sound[RATE_HZ : RATE_HZ + 4000] = np.hanning(4000) * np.sin(np.arange(4000) * 0.2)
    after = spoilt(sound, rng)
    assert after.shape == sound.shape
    assert np.abs(after).max() <= 1.5
    energy = np.convolve(after.astype(float) ** 2, np.ones(512), "same")
    assert RATE_HZ - 600 < energy.argmax() < RATE_HZ + 4600


def test_held_out_scores_are_a_tenth_and_the_same_everywhere():
    files = [Path(f"{number}.mid") for number in range(2000)]
    held_out = [is_held_out(file, 0.1) for file in files]
    assert 0.07 < np.mean(held_out) < 0.13
    assert held_out[:5] == [is_held_out(Path("elsewhere") / file, 0.1) for file in files[:5]]


def test_scores_are_those_whose_licence_allows_it():
    chosen = names(section("scores")["every_tune"])
    folders = {name.split("/")[0] for name in chosen}
    assert folders == {"bach", "trecento", "airdsAirs", "oneills1850", "ryansMammoth"}
    assert len(chosen) == len(set(chosen)) > 1000
