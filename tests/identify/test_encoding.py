"""A bundle's model in ONNX Runtime, in torch, and where it has no ONNX."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.bundle import Bundle
from earmark.foundation.errors import EarmarkError
from earmark.identify import encoding
from earmark.identify.encoding import encoding_of


@pytest.fixture
def clips(bundle):
    shape = [bundle.settings["model"][name] for name in ("channels", "bands", "frames")]
    return np.random.default_rng(6).uniform(-60, 0, (7, *shape)).astype(np.float32)


def test_onnx_gives_what_torch_gives(bundle, clips):
    expected = encoding_of(replace(bundle, network=b""))(clips)
    outputs = encoding_of(bundle)(clips)
    assert outputs.dtype == expected.dtype
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_a_verdict_does_not_depend_on_which_computes(bundle_folder, bundle, tmp_path, melody):
    replace(bundle, network=b"").save(tmp_path / "torch")
    one, other = (encoding.Bundle.load(folder) for folder in (bundle_folder, tmp_path / "torch"))
    assert (bool(one.network), bool(other.network)) == (True, False)
    from earmark.identify.identifier import Identifier

    here, there = (Identifier(each, bundle_folder).identify(melody) for each in (one, other))
    assert here.label == there.label
    np.testing.assert_allclose(here.distances, there.distances, rtol=1e-4)


def test_torch_computes_where_it_has_a_gpu(bundle, monkeypatch):
    monkeypatch.setattr(encoding, "_torch_has_gpu", lambda: True)
    monkeypatch.setattr(encoding, "_in_torch", lambda module: "in torch")
    assert encoding_of(bundle) == "in torch"


def test_without_onnx_and_torch_the_message_says_what_to_install(bundle_folder, bundle, tmp_path, python):
    replace(bundle, network=b"").save(tmp_path / "torch")
    code = """
import sys
class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(f"{name} is not installed", name=name)
sys.meta_path[:0] = [NotInstalled()]
from pathlib import Path
from earmark.bundle import Bundle
from earmark.identify.encoding import encoding_of
from earmark.foundation.errors import EarmarkError
for folder in sys.argv[1:]:
    try:
        print(encoding_of(Bundle.load(Path(folder))).__name__)
    except EarmarkError as error:
        print(error)
"""
    out, err = python(code, bundle_folder, tmp_path / "torch").communicate(timeout=60)
    assert err == ""
    with_onnx, without = out.splitlines()
    assert with_onnx == "encode"
    assert "pip install 'earmark[train]', or train it again" in without


def test_a_network_for_other_clips_is_one_line(bundle, clips):
    with pytest.raises(EarmarkError, match="clips of another shape"):
        encoding_of(bundle)(clips[..., :-1])


def test_enrolling_keeps_the_network(bundle, bundle_folder):
    assert Bundle.load(bundle_folder).network == bundle.network != b""
