"""Means and deviations over time."""

import torch

from earmark.models.summary import time_summary


def test_means_come_first_and_then_deviations_channel_by_channel():
    clips = torch.tensor([[[[1.0, 3], [5, 5]], [[0, 4], [-2, 2]]]])  # 1 clip, 2 channels, 2 bands, 2 frames
    assert time_summary(clips).tolist() == [[2, 5, 2, 0, 1, 0, 2, 2]]


def test_the_order_of_frames_does_not_matter():
    clips = torch.randn(3, 2, 4, 10)
    assert torch.allclose(time_summary(clips), time_summary(clips.flip(3)), atol=1e-6)


def test_a_single_frame_does_not_deviate():
    assert time_summary(torch.randn(2, 1, 3, 1))[:, 3:].tolist() == [[0, 0, 0]] * 2
