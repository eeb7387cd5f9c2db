"""Stage train: the ear's weights, by binary cross-entropy on onsets and sounding notes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn.functional import binary_cross_entropy_with_logits

from ear.clips import STEPS_PER_DB
from ear.model import EarNetwork
from ear.settings import FOLDER, TRAINED, section
from ear.targets import targets
from earmark.features.ear.spectrum import harmonic_stack
from earmark.foundation.atomic import replacing
from earmark.foundation.progress import say
from earmark.learning.devices import keep_freed_memory

LOG_EVERY = 50  # steps


def batches(folder: Path, clips: int, frames: int, seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Endless batches: spectra (clips, bands, frames) in dB and targets (clips, 2, pitches, frames).

    Each is made of two shards, which an epoch visits in random order; a window begins anywhere in its clip.
    """
    rng = np.random.default_rng(seed)
    files = sorted(folder.glob("*.npz"))
    while True:
        order = rng.permutation(len(files))
        windows: list[tuple[np.ndarray, np.ndarray]] = []
        for index in order:
            with np.load(files[index]) as shard:
                spectra, notes = shard["spectra"], shard["notes"]
            for number, spectrum in enumerate(spectra):
                start = int(rng.integers(spectrum.shape[1] - frames + 1))
                clip_notes = notes[notes[:, 0] == number, 1:]
                answer = targets(clip_notes, spectrum.shape[1])[:, :, start : start + frames]
                windows.append((spectrum[:, start : start + frames], answer))
            if len(windows) >= clips:
                given, windows = windows[:clips], windows[clips:]
                levels = np.stack([window for window, _ in given]).astype(np.float32)
                yield (
                    torch.from_numpy(levels / STEPS_PER_DB - 100),
                    torch.from_numpy(np.stack([answer for _, answer in given])),
                )


def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself, which takes 0.4 of the time."""
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def train() -> tuple[EarNetwork, list[dict[str, float]]]:
    """Train; the network and the mean losses of each LOG_EVERY steps."""
    settings = section("train")
    torch.manual_seed(settings["seed"])
    keep_freed_memory()
    network = EarNetwork().to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings["learning_rate"], weight_decay=settings["weight_decay"]
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings["learning_rate"], total_steps=settings["steps"], pct_start=0.02
    )
    positive = torch.tensor(settings["onset_positive_weight"])
    data = batches(
        FOLDER / "data" / "clips", settings["batch_clips"], settings["window_frames"], settings["seed"]
    )
    history, sums, begun = [], torch.zeros(2), time.monotonic()
    fast = has_fast_bfloat16()
    say(f"ear: {sum(p.numel() for p in network.parameters()):,} weights, bfloat16 {'on' if fast else 'off'}")
    for step in range(1, settings["steps"] + 1):
        spectra, answers = next(data)
        stack = torch.from_numpy(harmonic_stack(spectra.numpy()))
        stack = stack.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast):
            logits = network(stack)
        logits = logits.float()
        onset = binary_cross_entropy_with_logits(logits[:, 0], answers[:, 0], pos_weight=positive)
        sounding = binary_cross_entropy_with_logits(logits[:, 1], answers[:, 1])
        optimizer.zero_grad()
        (settings["onset_loss_weight"] * onset + sounding).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        sums += torch.stack([onset.detach(), sounding.detach()])
        if step % LOG_EVERY == 0:
            means = (sums / LOG_EVERY).tolist()
            history.append({"step": step, "onset_loss": means[0], "sounding_loss": means[1]})
            sums.zero_()
            say(f"ear: step {step}, {time.monotonic() - begun:.0f} s, losses {means[0]:.4f} {means[1]:.4f}")
        if step % 500 == 0:
            _save(network)
    return network, history


def _save(network: EarNetwork) -> None:
    """Write the weights as the package ships them."""
    with replacing(TRAINED) as scratch:
        save_file(network.eval().folded(), scratch, metadata={"licence": "MIT", "made_by": "make ear"})
    network.train()


def main() -> None:
    """Write `ear/data/ear.safetensors` and `ear/metrics/train.json`."""
    network, history = train()
    _save(network)
    metrics = FOLDER / "metrics" / "train.json"
    metrics.parent.mkdir(exist_ok=True)
    metrics.write_text(
        json.dumps({**history[-1], "weights": sum(p.numel() for p in network.parameters())}, indent=1)
    )


if __name__ == "__main__":
    main()
