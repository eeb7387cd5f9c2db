"""The ear's network: the weights that are shipped, shifts of pitch, and how far it looks."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from earmark.features.ear.network import CONTEXT, MODEL, WEIGHTS, logits, trained
from earmark.features.ear.spectrum import BANDS_PER_SEMITONE, HARMONICS, PITCHES


@pytest.fixture(scope="module")
def stack():
    shape = (1, len(HARMONICS), BANDS_PER_SEMITONE * PITCHES, 80)
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def test_the_weights_are_few_and_small():
    assert sum(array.size for array in load_file(WEIGHTS).values()) < 300_000
    assert WEIGHTS.stat().st_size + MODEL.stat().st_size < 2_000_000


def test_a_transposition_of_the_input_is_one_of_the_answer(stack):
    higher = np.roll(stack, 2 * BANDS_PER_SEMITONE, axis=2)
    answer, moved = (logits(trained(), part) for part in (stack, higher))
    assert answer.shape == (1, 2, PITCHES, 80)
    far = slice(32, 55)  # from the edges, where rows were rolled in
    assert moved[:, :, 34:57] == pytest.approx(answer[:, :, far], abs=1e-3)


def test_an_answer_depends_on_nothing_beyond_its_context(stack):
    changed = stack.copy()
    changed[..., 40 + CONTEXT + 1 :] = 0
    one, other = (logits(trained(), part)[..., :41] for part in (stack, changed))
    assert one == pytest.approx(other, abs=1e-5)
