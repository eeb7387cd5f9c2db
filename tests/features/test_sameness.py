"""Equal bytes whatever the processor: each set of routines that libraries choose by it, in its own process.

`OPENBLAS_CORETYPE` makes NumPy's OpenBLAS take the routines of another processor, `NPY_DISABLE_CPU_FEATURES`
keeps NumPy from those of newer ones, and glibc's tunables do so for the C library's exp, log, sin and cos.
"""

import os
import subprocess
import sys

import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__ as numpy_features

# `soxr` and ONNX Runtime offer no such choice: what they compute is the same in all of these.
PROBE = """
import hashlib
import numpy as np
from earmark.features.descriptors import Descriptors
from earmark.features.levels import Levels
from earmark.features.mel import LogMel
from earmark.features.notes import HeardNotes
from earmark.features.pitch import PitchSpectrogram
from earmark.features.spectrogram import GreySpectrogram, KeyPicture
from earmark.features.stacked import Stacked

RATE_HZ = 22_050
rng = np.random.default_rng(0)
at = np.arange(6 * RATE_HZ)
# Square waves of whole samples and noise: the same numbers on any processor.
voices = sum((at // period % 2) * (at // 11_025 % (period % 5 + 1) == 0) for period in (100, 75, 33, 12))
sound = (2_000 * voices + rng.integers(-300, 300, (2, len(at)))).astype(np.float32) / 32_768
mel = LogMel(4096, 4096, 1024, 128, 40.0, 8000.0, top_db=40.0)
front_ends = {
    "mel": mel,
    "mel_wide": LogMel(1024, 1024, 512, 64, 0.0, 0.0, "htk", None, 80.0),
    "pitch": PitchSpectrogram(),
    "descriptors": Descriptors(),
    "grey": GreySpectrogram(),
    "key_picture": KeyPicture(excerpt_s=3.0, hop_length=512),
    "levels": Levels(),
    "notes": HeardNotes(),
}
front_ends["stacked"] = Stacked([mel, Descriptors(4096, 1024)])
for name, front_end in front_ends.items():
    waveform = sound[:1] if name == "stacked" else sound
    values = np.asarray(front_end(waveform, RATE_HZ)).astype(np.float16)
    print(name, hashlib.sha256(values.tobytes()).hexdigest())
"""
OLDER_THAN_AVX = {
    "NPY_DISABLE_CPU_FEATURES": " ".join(numpy_features),
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4",
}
PROCESSORS = {
    "Haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "Sandybridge": {"OPENBLAS_CORETYPE": "Sandybridge"},
    "Prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "without AVX": {"OPENBLAS_CORETYPE": "Nehalem", **OLDER_THAN_AVX},
}


def digests(**environment):
    """Digests of what each front end makes of one sound, where those variables are set."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROBE],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split() for line in run.stdout.splitlines())


@pytest.fixture(scope="module")
def here():
    return digests()


@pytest.mark.parametrize("processor", PROCESSORS)
def test_every_front_end_gives_the_same_bytes_on(processor, here):
    there = digests(**PROCESSORS[processor])
    assert len(there) == 9
    assert {name for name in there if there[name] != here[name]} == set()
