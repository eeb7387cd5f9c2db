"""The ear's network: the weights that are shipped, shifts of pitch, and how far it looks."""

import pytest
import torch

from earmark.features.ear.network import CONTEXT, WEIGHTS, logits, trained_weights
from earmark.features.ear.spectrum import BANDS_PER_SEMITONE, HARMONICS, PITCHES


@pytest.fixture(scope="module")
def stack():
    generator = torch.Generator().manual_seed(0)
    return torch.rand(1, len(HARMONICS), BANDS_PER_SEMITONE * PITCHES, 80, generator=generator)


def test_the_weights_are_few_and_small():
    assert sum(tensor.numel() for tensor in trained_weights().values()) < 300_000
    assert WEIGHTS.stat().st_size < 2_000_000


def test_a_transposition_of_the_input_is_one_of_the_answer(stack):
    higher = torch.roll(stack, 2 * BANDS_PER_SEMITONE, dims=2)
    answer, moved = (logits(trained_weights(), part) for part in (stack, higher))
    assert answer.shape == (1, 2, PITCHES, 80)
    far = slice(32, 55)  # from the edges, where rows were rolled in
    assert torch.allclose(moved[:, :, 34:57], answer[:, :, far], atol=1e-3)


def test_an_answer_depends_on_nothing_beyond_its_context(stack):
    changed = stack.clone()
    changed[..., 40 + CONTEXT + 1 :] = 0
    one, other = (logits(trained_weights(), part)[..., :41] for part in (stack, changed))
    assert torch.allclose(one, other, atol=1e-5)
