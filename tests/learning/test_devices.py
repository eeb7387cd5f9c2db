"""How many processes train where, and what is refused before anything is computed."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from earmark.foundation.errors import EarmarkError
from earmark.learning.devices import device_count, node_rank, process_count
from earmark.pipeline.settings.checks import check
from earmark.pipeline.settings.config import compose

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture
def machine(monkeypatch):
    """A machine with so many NVIDIA GPUs, or with Apple's."""

    def has(gpus=0, apple=False, bf16=True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda emulated: bf16)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: apple)

    return has


def trainer(*overrides):
    return compose(CONF, overrides).trainer


@pytest.mark.parametrize(
    ("gpus", "overrides", "expected"),
    [
        (0, [], 1),
        (0, ["trainer=cpu"], 1),
        (0, ["trainer=ddp"], 2),
        (0, ["trainer.devices=3"], 3),
        (4, [], 4),
        (4, ["trainer=cpu"], 1),
        (4, ["trainer=gpu"], 1),
        (4, ["trainer=ddp"], 2),
        (4, ["trainer.devices=-1"], 4),
        (4, ["trainer.devices=[0,3]"], 2),
        (4, ["trainer.devices='0,2,3'"], 3),
        (4, ["trainer.devices='1,'"], 1),
        (4, ["trainer.devices='3'"], 3),
    ],
)
def test_processes_are_as_many_as_devices(machine, gpus, overrides, expected):
    machine(gpus)
    assert device_count(trainer(*overrides)) == expected
    assert process_count(trainer(*overrides, "trainer.num_nodes=3")) == 3 * expected


def test_the_environment_tells_which_of_several_machines_this_is(monkeypatch):
    monkeypatch.setenv("NODE_RANK", "1")
    assert node_rank(trainer("trainer.num_nodes=2")) == 1
    assert node_rank(trainer()) == 0
    monkeypatch.delenv("NODE_RANK")
    assert node_rank(trainer("trainer.num_nodes=2")) == 0


@pytest.mark.parametrize(
    ("has", "overrides", "message"),
    [
        ({}, ["trainer=gpu"], "trainer.accelerator=gpu: this machine has none"),
        ({}, ["trainer=mps"], "trainer.accelerator=mps: this machine has none"),
        ({"gpus": 1}, ["trainer=ddp"], "trainer.devices=2: this machine has 1 GPU"),
        ({"gpus": 2}, ["trainer.devices='0,1,2'"], "this machine has 2 GPUs"),
        ({}, ["trainer.devices=0"], "trainer.devices=0: must be a number, auto, or GPUs"),
        ({}, ["trainer.devices=many"], "trainer.devices=many: must be a number"),
        ({}, ["trainer.num_nodes=0"], "trainer.num_nodes=0: must lie within"),
        ({"apple": True}, ["trainer=ddp"], "several processes cannot share an Apple GPU"),
        ({}, ["trainer=ddp", "trainer.sync_batchnorm=true"], "torch has it for GPUs only"),
        ({}, ["trainer.precision=64-true"], "trainer.precision=64-true: must be one of 32-true"),
        ({}, ["trainer.precision=16-mixed"], "16-mixed: for GPUs only"),
        ({"gpus": 1, "bf16": False}, ["trainer=gpu"], "this GPU has no bf16"),
        ({}, ["trainer.features_on_device=maybe"], "must be one of auto, True, False"),
        ({}, ["trainer.features_memory_share=2"], "trainer.features_memory_share=2: must lie within"),
    ],
)
def test_what_this_machine_cannot_do_is_one_line(machine, has, overrides, message):
    machine(**has)
    with pytest.raises(EarmarkError) as caught:
        check(compose(CONF, overrides))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("has", "overrides"),
    [
        ({"gpus": 2}, ["trainer=ddp", "trainer.sync_batchnorm=true", "trainer.precision=bf16-mixed"]),
        ({"gpus": 1, "bf16": False}, ["trainer=gpu", "trainer.precision=16-mixed"]),
        ({}, ["trainer=cpu", "trainer.sync_batchnorm=true"]),
        ({}, ["trainer=cpu", "trainer.precision=bf16-mixed"]),
        ({"apple": True}, ["trainer=mps"]),
        ({}, ["trainer.features_on_device=true"]),
    ],
)
def test_what_it_can_do_passes(machine, has, overrides):
    machine(**has)
    assert check(compose(CONF, overrides)) is None


def test_compiling_needs_a_compiler(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(EarmarkError, match="needs a C\\+\\+ compiler, and no-such-compiler is not installed"):
        check(compose(CONF, ["trainer=cpu", "trainer.compile=true"]))


FAULTS = """
import resource, sys, torch
from earmark.learning.devices import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
for step in range(20):
    if step == 10:  # the first ones find their places
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(2**24)  # 64 MB: 16,384 pages
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries decide by themselves")
def test_memory_of_tensors_is_kept_for_the_next_ones():
    faults = {
        word: int(
            subprocess.run([sys.executable, "-c", FAULTS, word], capture_output=True, check=True).stdout
        )
        for word in ("keep", "return")
    }
    assert faults["keep"] < faults["return"] / 4
