"""Bundles made to harm: each is refused in one line when it is read, before anything is computed."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

from earmark.bundle import FILES, NETWORK, Bundle
from earmark.foundation.errors import EarmarkError
from earmark.identify.encoding import encoding_of, module_of
from earmark.identify.identifier import Identifier
from earmark.store.digest import digest_file

BOX = Path(__file__).parents[1] / "src" / "earmark" / "identify" / "bundles"
ALIAS_BOMB = "a0: &a0 [x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]\n" for n in range(1, 12)
)


@pytest.fixture(params=["composer", "small"])
def folder(request, tmp_path, small_bundle):
    """A good bundle to be spoilt: one of arrays, and one of a network."""
    if request.param == "composer":
        return shutil.copytree(BOX / "composer", tmp_path / "models")
    small_bundle.save(tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def composer(tmp_path):
    return shutil.copytree(BOX / "composer", tmp_path / "models")


def sign(folder, edit=lambda content: None):
    """Write the digests of the files as they are now, and change bundle.yaml by a function of its content."""
    content = yaml.safe_load((folder / "bundle.yaml").read_text(encoding="utf-8"))
    content["files"] = {name: digest_file(folder / name) for name in FILES}
    edit(content)
    (folder / "bundle.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def refused(folder, within_s=2.0):
    """The line by which a bundle is refused; in processor time, which other processes do not lengthen."""
    started = time.process_time()
    with pytest.raises(EarmarkError) as caught:
        encoding_of(Bundle.load(folder))
    assert time.process_time() - started < within_s
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    return str(caught.value)


@pytest.mark.parametrize("name", ["bundle.yaml", *FILES])
@pytest.mark.parametrize("kind", ["link", "fifo", "device", "folder", "loop", "large"])
def test_a_member_that_is_no_plain_file_is_refused_unread(composer, name, kind):
    member = composer / name
    kept = member.rename(composer / "kept")
    if kind == "fifo":
        os.mkfifo(member)
    elif kind == "folder":
        member.mkdir()
    elif kind == "large":
        with member.open("wb") as file:
            file.truncate(2**40)  # without a byte on the disk
    else:
        member.symlink_to({"link": kept, "device": "/dev/zero", "loop": member}[kind])
    assert name in refused(composer)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ALIAS_BOMB, "has aliases"),
        ("a: &a [*a]", "has aliases"),
        ("a: &a {b: *a}", "has aliases"),
        ("<<: &a {<<: *a}", "has aliases"),
        ("a: " + "[" * 3000 + "]" * 3000, "is nested more than 20 deep"),
        ("a: " + "{b: " * 3000 + "1" + "}" * 3000, "is nested more than 20 deep"),
        ("- " * 3000 + "a", "is nested more than 20 deep"),
        ("a: " + "[" * 3000, "is nested more than 20 deep"),
        ("[" + "1," * 200_000 + "1]", "has more than 100,000 values"),
        ("a: " + "9" * 5000, "cannot be read"),
        ("a: !!timestamp 2001-99-99", "cannot be read"),
        ("? [a, b]\n: {? {c: d} : e}", "cannot be read"),
        ("a: \x00", "cannot be read"),
        ("a: \ud800", "cannot be read"),
        ("a: 1\n---\nb: 2", "cannot be read"),
        ("x" * 2**21, "MiB"),
    ],
    ids=range(16),
)
def test_yaml_that_does_not_end_is_refused(composer, text, message):
    (composer / "bundle.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert message in refused(composer)


SETTINGS = [
    ("dataset", "clip_s", "ten", "dataset.clip_s=ten is no float"),
    ("dataset", "clip_s", 0, "dataset.clip_s=0"),
    ("dataset", "clip_s", float("nan"), "dataset.clip_s=nan is out of bounds"),
    ("dataset", "clip_s", True, "dataset.clip_s=True is no float"),
    ("dataset", "clip_s", 1e300, "dataset.clip_s=1e+300"),
    ("dataset", "evaluation_hop_s", -1.0, "dataset.evaluation_hop_s=-1"),
    ("dataset", "evaluation_max_clips", -1, "dataset.evaluation_max_clips=-1"),
    ("dataset", "evaluation_max_clips", 2.5, "dataset.evaluation_max_clips=2.5 is no int"),
    ("audio", "sample_rate", 0, "audio.sample_rate=0"),
    ("audio", "sample_rate", 10**9, "audio.sample_rate=1e+09"),
    ("audio", "channels", 3, "audio.channels=3"),
    ("audio", "channels", [1], "audio.channels=list is no int"),
    ("midi", "tempo", "fast", "midi.tempo=fast"),
    ("midi", "tempo", {"a": 1}, "midi.tempo=dict is no str"),
    ("midi", "onset_rate_hz", 0, "midi.onset_rate_hz=0"),
    ("render", "gain", 1e9, "render.gain=1e+09"),
    ("render", "reverb", "yes", "render.reverb=yes is no bool"),
    ("render", "soundfont", "a\nb", "out of bounds"),
    ("render", "soundfont", None, "render.soundfont=NoneType is no str"),
    ("render", "instruments", "kazoo", "render.instruments=kazoo"),
    ("render", "tail_s", 1e6, "render.tail_s=1e+06"),
    ("validate", "min_rms_db", "loud", "settings are not whole"),
    ("model", "frames", 2**40, "model.frames"),
    ("model", "frames", 0, "none, or too large"),
    ("model", "bands", 10**6, "none, or too large"),
    ("model", "bands", "many", "model.bands=many is no int"),
    ("model", "channels", 7, "does not give the model's"),
    ("model", "magic", 3, "magic"),
    ("features", "magic", 3, "magic"),
    ("features", "_partial_", True, "features._partial_ is no setting"),
    ("model", "_partial_", True, "model._partial_ is no setting"),
]


@pytest.mark.parametrize(("section", "name", "value", "message"), SETTINGS)
def test_a_setting_of_another_type_or_out_of_range_is_named(folder, section, name, value, message):
    sign(folder, lambda content: content["settings"].setdefault(section, {}).update({name: value}))
    assert message in refused(folder)


NETWORK_SETTINGS = [
    ("features", "hop_length", 0, "hop_length"),
    ("features", "hop_length", -512, "hop_length"),
    ("features", "n_fft", 2**30, "features.n_fft"),
    ("features", "n_fft", "big", "features.n_fft=big is no int"),
    ("features", "n_mels", 0, "n_mels"),
    ("features", "n_mels", 10**9, "n_mels"),
    ("features", "f_min_hz", -1.0, "f_min_hz"),
    ("features", "mel_scale", ["slaney"], "features.mel_scale=list is no str"),
    ("features", "top_db", float("inf"), "features.top_db=inf"),
    ("model", "widths", [60000] * 4, "a layer of 60000 is not in the weights"),
    ("model", "widths", [4000] * 4, "its weights are not its model's"),
    ("model", "widths", [16], "its weights are not its model's"),
    ("model", "widths", [], "its weights are not its model's"),
    ("model", "widths", [16] * 1000, "has more than 256 items"),
    ("model", "widths", ["a", "b"], "model.widths=list is no list[int]"),
    ("model", "widths", [-1, 2], "model.widths=list is no list[int]"),
    ("model", "widths", 64, "model.widths=64 is no list[int]"),
    ("model", "embedding", 10**6, "its weights are not its model's"),
    ("model", "embedding", 10**7, "its weights are not its model's"),
    ("model", "embedding", -5, "the bundle is refused"),
    ("model", "dropout", "half", "model.dropout=half is no float"),
    ("model", "dropout", 5.0, "the bundle is refused"),
]


@pytest.mark.parametrize(("section", "name", "value", "message"), NETWORK_SETTINGS)
def test_a_network_that_asks_for_more_than_its_weights_is_refused(
    tmp_path, small_bundle, section, name, value, message
):
    folder = tmp_path / "models"
    small_bundle.save(folder)
    sign(folder, lambda content: content["settings"][section].update({name: value}))
    assert message in refused(folder)


@pytest.mark.parametrize("name", FILES[:3])
@pytest.mark.parametrize(
    "how", ["empty", "cut", "long", "header", "size", "words", "offsets", "deep", "type"]
)
def test_damaged_arrays_are_refused_though_they_are_signed(folder, name, how):
    member = folder / name
    data = member.read_bytes()
    size = int.from_bytes(data[:8], "little")
    spoilt = {
        "empty": b"",
        "cut": data[:-3],
        "long": data + b"\0" * 64,
        "header": data[:8] + b"\xff" * 16 + data[24:],
        "size": (2**63).to_bytes(8, "little") + data[8:],
        "words": data[:8] + b"[" * size + data[8 + size :],
        "offsets": data.replace(b'"data_offsets":[0,', b'"data_offsets":[4,', 1),
        "deep": (60000).to_bytes(8, "little") + b"[" * 60000,
        "type": data.replace(b'"dtype":"F', b'"dtype":"Q', 1),
    }[how]
    if spoilt == data:
        pytest.skip("this file has no such thing")
    member.write_bytes(spoilt)
    sign(folder)
    assert f"is refused: {name} " in refused(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "must have the columns"),
        (b"a,b\n1,2\n", "must have the columns"),
        (b"piece_id,piece_id,label,title,start_s\n", "must have the columns"),
        (b"piece_id,label,title,start_s\np,l\n", "has a row of 2 cells"),
        (b"piece_id,label,title,start_s\np,l,t,0\n", "has fewer than its"),
        (b"piece_id,label,title,start_s\n" + b"p,l,t,0\n" * 100_000, "has more than its"),
        (b"piece_id,label,title,start_s\n" + b"p,l,t,soon\n" * 2, "fewer|start_s"),
        (b"piece_id,label,title,start_s\np,\xff\xfe,t,0\n", "is no table in UTF-8"),
        (b'piece_id,label,title,start_s\np,"' + b"x" * 200_000, "is no table in UTF-8"),
    ],
)
def test_damaged_tables_are_refused_though_they_are_signed(folder, text, message):
    (folder / "references.csv").write_bytes(text)
    sign(folder)
    line = refused(folder)
    assert "is refused: references.csv " in line
    assert any(part in line for part in message.split("|"))


def test_a_time_that_is_no_number_is_refused(small_bundle, tmp_path):
    folder = tmp_path / "models"
    small_bundle.save(folder)
    table = (folder / "references.csv").read_text(encoding="utf-8")
    (folder / "references.csv").write_text(table.replace("0.0", "soon"), encoding="utf-8")
    sign(folder)
    assert "references.csv" in refused(folder)


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content["decision"].update(temperature="warm"),
        lambda content: content["decision"].update(temperature=None),
        lambda content: content["decision"].update(temperature=[1]),
        lambda content: content["decision"].update(temperature=0),
        lambda content: content["decision"].update(temperature=float("nan")),
        lambda content: content["decision"].update(kind=["prototypes"]),
        lambda content: content["decision"].update(kind={"a": 1}),
        lambda content: content["decision"].update({3: 1}),
        lambda content: content.update(labels=[]),
        lambda content: content.update(labels=["a"]),
        lambda content: content.update(labels=["a", "a"]),
        lambda content: content.update(labels=[1, 2]),
        lambda content: content.update(labels=["x" * 5000, "y"]),
        lambda content: content.update(labels=[*content["labels"], "one more"]),
        lambda content: content.update(domain=3),
        lambda content: content.update(domain={"low": [["a"]], "high": [["b"]]}),
        lambda content: content.update(domain={"low": [[1, 2], [3]], "high": [[1]]}),
        lambda content: content.update(question="q" * 5000),
        lambda content: content.update(question="\x1b[2J"),
        lambda content: content.update(files=3),
        lambda content: content.update(version={"a": 1}),
        lambda content: content.update(settings=[1]),
        lambda content: content["settings"].update(model=[1]),
        lambda content: content["settings"].update({3: 4}),
        lambda content: content["settings"]["features"].update({None: 4}),
    ],
    ids=range(25),
)
def test_a_bundle_yaml_of_other_types_is_one_line(folder, edit):
    sign(folder, edit)
    assert "models is " in refused(folder)


@pytest.mark.parametrize("change", ["width", "nan", "rows", "type", "shape", "name"])
def test_embeddings_that_are_not_those_of_the_model_are_refused(folder, change):
    member = folder / "references.safetensors"
    found = load_file(member)["embeddings"]
    spoilt = {
        "width": found[:, :-1],
        "nan": found * np.float32("nan"),
        "rows": found[:0],
        "type": found.astype(np.float64),
        "shape": found.reshape(-1),
        "name": found,
    }[change]
    name = "others" if change == "name" else "embeddings"
    save_file({name: np.ascontiguousarray(spoilt)}, member)
    sign(folder)
    assert "models is refused: " in refused(folder)


@pytest.mark.parametrize("name", FILES[:2])
@pytest.mark.parametrize("change", ["missing", "more", "transposed", "numbers"])
def test_weights_and_decisions_of_other_shapes_are_refused(folder, name, change):
    member = folder / name
    found = load_file(member)
    first = max(found, key=lambda key: found[key].size)
    spoilt = {
        "missing": {key: array for key, array in found.items() if key != first},
        "more": {**found, "another": np.zeros(3, np.float32)},
        "transposed": {**found, first: np.zeros((*found[first].shape, 2), np.float32)},
        "numbers": {**found, first: np.zeros(7, np.float32)},
    }[change]
    save_file(spoilt, member)
    sign(folder)
    assert "refused" in refused(folder)


def test_good_bundles_are_let_in(folder):
    sign(folder)
    assert callable(encoding_of(Bundle.load(folder)))
    if "ConvNet" in (folder / "bundle.yaml").read_text(encoding="utf-8"):
        assert not module_of(Bundle.load(folder)).training


@pytest.mark.parametrize("kind", ["bomb", "zero", "clip", "widths"])
def test_the_command_refuses_with_status_2_in_one_line_and_little_memory(tmp_path, small_bundle, kind):
    folder = tmp_path / "models"
    small_bundle.save(folder)
    if kind == "bomb":
        (folder / "bundle.yaml").write_text(ALIAS_BOMB)
    elif kind == "zero":
        (folder / "encoder.safetensors").unlink()
        (folder / "encoder.safetensors").symlink_to("/dev/zero")
    elif kind == "clip":
        sign(folder, lambda content: content["settings"]["dataset"].update(clip_s="ten"))
    else:
        sign(folder, lambda content: content["settings"]["model"].update(widths=[60000] * 4))
    code = (
        "import sys; from earmark.apps.cli import main\n"
        "try: main()\n"
        "finally: print(next(x for x in open('/proc/self/status') if x.startswith('VmHWM')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "identify", str(tmp_path / "a.mid"), "--model", str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("earmark: error: ")
    assert int(done.stdout.split()[1]) < 300 * 1024  # kB


def network(op, shape, *inputs, **attributes):
    """An ONNX file of one operator from clips of a shape, with constants as further inputs."""
    names = [f"c{number}" for number in range(len(inputs))]
    held = [numpy_helper.from_array(value, name) for name, value in zip(names, inputs, strict=True)]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    node = helper.make_node(op, ["x", *names], ["y"], **attributes)
    graph = helper.make_graph([node], "g", [given], [output], held)
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


@pytest.mark.parametrize("kind", ["link", "fifo", "device", "folder", "large", "words", "empty"])
def test_a_network_that_is_no_plain_file_or_no_network_is_refused(tmp_path, small_bundle, kind):
    folder = tmp_path / "models"
    replace(small_bundle, network=network("Flatten", [1, 1, 16, 47], axis=1)).save(folder)
    member = folder / NETWORK
    kept = member.rename(folder / "kept")
    if kind == "fifo":
        os.mkfifo(member)
    elif kind == "folder":
        member.mkdir()
    elif kind == "large":
        with member.open("wb") as file:
            file.truncate(2**40)
    elif kind in ("words", "empty"):
        member.write_bytes(b"[]" * 500 if kind == "words" else b"")
        content = yaml.safe_load((folder / "bundle.yaml").read_text(encoding="utf-8"))
        content["files"][NETWORK] = digest_file(member)
        (folder / "bundle.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    else:
        member.symlink_to(kept if kind == "link" else "/dev/zero")
    assert NETWORK in refused(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (network("Flatten", [1, 1, 16, 3], axis=1), "takes clips of another shape"),
        (network("Reshape", [1, 1, 16, 47], np.array([7, 7])), "its network fails"),
        (network("Flatten", [1, 1, 16, 47], axis=1), "its references are not of its model"),
    ],
    ids=["input", "inside", "output"],
)
def test_a_network_of_another_shape_is_not_blamed_on_the_music(tmp_path, small_bundle, content, message):
    folder = tmp_path / "models"
    replace(small_bundle, network=content).save(folder)
    identifier = Identifier.load(folder)
    with pytest.raises(EarmarkError, match=message):
        identifier.embed(np.zeros((1, 16, 100), np.float32))
