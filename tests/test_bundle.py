"""The bundle comes back as it was saved, and nothing else is let in."""

import shutil
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
import yaml
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file as save_tensors

from earmark.bundle import FILES, NETWORK, VERSION, Bundle, bundle_hash
from earmark.decisions.rejection import Rejection
from earmark.decisions.vote import FittedVote
from earmark.foundation.contracts import LabelledClips
from earmark.foundation.errors import EarmarkError
from earmark.foundation.targets import build
from earmark.foundation.workspace import Workspace
from earmark.identify.encoding import module_of
from earmark.identify.identifier import Identifier
from earmark.models.onnx_export import exported
from earmark.pipeline.settings.config import compose
from earmark.store.digest import digest_file

WORKSPACE = Workspace.find(Path(__file__))
LABELS = ["Dvořák", "久石譲"]


@cache
def settings():
    config = compose(WORKSPACE.conf, ["features.n_mels=16"])
    recipe = config.recipe(WORKSPACE)
    model = config.parts(recipe).model
    return {**recipe.settings.sections(), "model": {**model, "channels": 1, "bands": 16, "frames": 20}}


def references():
    return {
        "piece_id": np.array(["a", "a", "b"]),
        "label": np.array([LABELS[0], LABELS[0], LABELS[1]]),
        "title": np.array(['A "quoted", one', "A\rnother\n\x1b", ""]),
        "group": np.array(["=1+1", "two\nlines", "two\r\nlines"]),
        "start_s": np.array([0.0, 2.5, 0.0]),
    }


def make_bundle(seed=0):
    torch.manual_seed(seed)
    encoder = build(settings()["model"], "model").eval()
    size = encoder(torch.rand(1, 1, 16, 20)).shape[1]
    random = np.random.default_rng(seed)
    pieces = list(random.standard_normal((4, 3, size)).astype(np.float32))
    train, validation = (LabelledClips(clips, LABELS, ["w1", "w2"]) for clips in (pieces[:2], pieces[2:]))
    decision = build(compose(WORKSPACE.conf, []).decision, "decision").fit(LABELS, train, validation, [])
    return Bundle(deepcopy(settings()), arrays(encoder), decision, references(), pieces[0])


def arrays(encoder):
    """The weights of a module as a bundle has them."""
    return {name: tensor.numpy() for name, tensor in encoder.state_dict().items()}


@pytest.fixture(scope="module")
def bundle():
    return make_bundle()


@pytest.fixture(scope="module")
def pristine(bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    bundle.save(folder)
    return folder


@pytest.fixture
def saved(pristine, tmp_path):
    return shutil.copytree(pristine, tmp_path / "models")


@pytest.fixture
def rewrite(saved):
    """Change bundle.yaml by a function of its content."""

    def change(edit):
        content = yaml.safe_load((saved / "bundle.yaml").read_text(encoding="utf-8"))
        (saved / "bundle.yaml").write_text(yaml.safe_dump(edit(content) or content), encoding="utf-8")
        return saved

    return change


def test_it_comes_back_as_it_was(bundle, saved):
    loaded = Bundle.load(saved)
    assert loaded.settings == bundle.settings
    assert loaded.labels == LABELS
    for name, value in {**bundle.decision.arrays(), **bundle.decision.numbers()}.items():
        again = {**loaded.decision.arrays(), **loaded.decision.numbers()}[name]
        assert np.array_equal(again, value, equal_nan=True), name
    assert (loaded.embeddings == bundle.embeddings).all()
    assert {name: list(column) for name, column in loaded.references.items()} == {
        name: list(column) for name, column in references().items()
    }
    assert loaded.references["start_s"].dtype == np.float64
    assert all(np.array_equal(loaded.weights[name], weight) for name, weight in bundle.weights.items())


def test_it_embeds_and_decides_as_before(bundle, saved):
    loaded = Bundle.load(saved)
    clips = -80 * torch.rand(4, 1, 16, 20)
    with torch.inference_mode():
        before, after = module_of(bundle)(clips), module_of(loaded)(clips)
    assert torch.equal(before, after)
    assert not module_of(loaded).training
    one, other = (each.decision.predict(before.numpy()) for each in (bundle, loaded))
    assert (one.label, one.confidence, one.distance) == (other.label, other.confidence, other.distance)


def test_the_same_bundle_has_the_same_bytes(bundle, saved, tmp_path):
    Bundle.load(saved).save(tmp_path / "again")
    for name in ("bundle.yaml", *FILES):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()
    assert bundle_hash(saved) == bundle_hash(tmp_path / "again")


def with_network(bundle):
    clips = -80 * torch.rand(3, 1, 16, 20, generator=torch.Generator().manual_seed(0)).numpy()
    return replace(bundle, network=exported(module_of(bundle), clips))


def test_its_network_comes_back_and_makes_another_bundle(bundle, saved, tmp_path):
    folder = tmp_path / "with"
    with_network(bundle).save(folder)
    loaded = Bundle.load(folder)
    assert loaded.network == with_network(bundle).network
    assert {path.name for path in folder.iterdir()} == {"bundle.yaml", NETWORK, *FILES}
    assert bundle_hash(folder) != bundle_hash(saved)
    loaded.save(tmp_path / "again")
    assert bundle_hash(tmp_path / "again") == bundle_hash(folder)
    bundle.save(folder)
    assert not (folder / NETWORK).exists()


def test_a_network_that_is_not_the_one_saved_is_refused(bundle, tmp_path):
    with_network(bundle).save(tmp_path)
    with (tmp_path / NETWORK).open("ab") as file:
        file.write(b"more")
    with pytest.raises(EarmarkError, match=f"{NETWORK} is missing or not the file that was saved"):
        Bundle.load(tmp_path)
    (tmp_path / NETWORK).unlink()
    with pytest.raises(EarmarkError, match=f"{NETWORK} is missing or not the file that was saved"):
        Bundle.load(tmp_path)


def test_a_network_that_is_more_than_one_is_refused(bundle, tmp_path):
    model = onnx.load_from_string(with_network(bundle).network)
    model.graph.initializer[0].external_data.add(key="location", value="/etc/passwd")
    replace(bundle, network=model.SerializeToString()).save(tmp_path / "elsewhere")
    with pytest.raises(EarmarkError, match=f"refused: of {NETWORK}, it refers to numbers in another file"):
        Bundle.load(tmp_path / "elsewhere")
    replace(bundle, network=with_network(bundle).network + bytes(10 << 20)).save(tmp_path / "large")
    with pytest.raises(EarmarkError, match="its weights explain"):
        Bundle.load(tmp_path / "large")


def test_a_list_that_stands_at_two_places_is_written_twice(bundle, tmp_path):
    """Not as an alias: a bundle with aliases is refused."""
    shared = [16, 32]
    settings_ = {**bundle.settings, "notes": {"one": shared, "other": shared}}
    replace(bundle, settings=settings_).save(tmp_path / "shared")
    assert Bundle.load(tmp_path / "shared").settings == settings_


def test_another_bundle_has_another_hash(saved, tmp_path):
    make_bundle(seed=1).save(tmp_path / "other")
    assert bundle_hash(saved) != bundle_hash(tmp_path / "other")


def test_saving_replaces_what_lay_there(bundle, saved):
    (saved / "stale.bin").write_text("old")
    (saved / "encoder.safetensors").chmod(0o444)  # as DVC leaves it
    bundle.save(saved)
    assert {path.name for path in saved.iterdir()} == {"bundle.yaml", *FILES}
    assert Bundle.load(saved).labels == bundle.labels


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["change", "cut", "remove"])
def test_a_file_that_is_not_the_one_saved_is_refused_by_name(saved, name, how):
    path = saved / name
    data = bytearray(path.read_bytes())
    if how == "remove":
        path.unlink()
    elif how == "cut":
        path.write_bytes(data[:-1])
    else:
        data[-1] ^= 1
        path.write_bytes(data)
    with pytest.raises(EarmarkError, match=rf"is refused: {name} is missing or not the file that was saved"):
        Bundle.load(saved)


@pytest.mark.parametrize("version", [0, VERSION + 1, "1", None])
def test_another_version_is_refused_by_number(rewrite, version):
    folder = rewrite(lambda content: content.update(version=version))
    with pytest.raises(EarmarkError, match=f"version {version}; this earmark reads version {VERSION}"):
        Bundle.load(folder)


def test_what_its_labels_say_comes_back_and_may_be_missing(rewrite, bundle, tmp_path):
    replace(bundle, question="genre").save(tmp_path / "asked")
    assert Bundle.load(tmp_path / "asked").question == "genre"
    older = rewrite(lambda content: content.pop("question") and None)
    assert "question" not in (older / "bundle.yaml").read_text()
    assert Bundle.load(older).question == ""


@pytest.mark.parametrize("question", [None, 3, ["genre"], "two\nlines"])
def test_what_is_no_question_is_one_line(rewrite, question):
    folder = rewrite(lambda content: content.update(question=question))
    with pytest.raises(EarmarkError, match="is refused: its question is not a word"):
        Bundle.load(folder)


ATTACKS = [
    "os.system",
    "builtins.eval",
    "subprocess.Popen",
    "earmark.bundle.Bundle",
    "earmark.modelsx.Net",
    "earmark.models.convnet.torch.hub.load",
    "earmark.features.mel.np.ctypeslib.os.system",
    "earmark.models.convnet.nn.Linear",
    "earmark.models..convnet.ConvNet",
    "",
]


@pytest.mark.parametrize("section", ["model", "features"])
@pytest.mark.parametrize("target", ATTACKS)
def test_a_bundle_that_asks_to_run_foreign_code_is_refused(rewrite, section, target):
    folder = rewrite(lambda content: content["settings"][section].update(_target_=target))
    with pytest.raises(EarmarkError, match=r"is refused: it asks to run .*, which is not earmark's"):
        Bundle.load(folder)


@pytest.mark.parametrize("section", ["model", "features", "dataset"])
@pytest.mark.parametrize("wrap", [lambda node: node, lambda node: [node], lambda node: {"deep": [[node]]}])
def test_foreign_code_is_not_run_from_inside_the_settings_either(rewrite, tmp_path, section, wrap):
    trap = {"_target_": "os.mkdir", "path": str(tmp_path / "trapped")}
    folder = rewrite(lambda content: content["settings"][section].update(widths=wrap(trap)))
    with pytest.raises(EarmarkError, match=r"is refused: it asks to run os\.mkdir"):
        Bundle.load(folder)
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("section", ["model", "features", "dataset"])
@pytest.mark.parametrize(
    "disguise",
    [
        "!!pairs [x: {_target_: os.mkdir, path: TRAP}]",
        "!!omap [x: {_target_: os.mkdir, path: TRAP}]",
        "'${oc.create:{_target_: os.mkdir, path: TRAP}}'",
        "['${oc.create:{_target_: os.mkdir, path: TRAP}}']",
        "'${oc.env:HOME}'",
    ],
)
def test_foreign_code_in_disguise_is_not_run_either(rewrite, saved, tmp_path, section, disguise):
    """YAML knows more containers than lists, and OmegaConf makes nodes of text."""
    rewrite(lambda content: content["settings"][section].update(widths="DISGUISE"))
    text = (saved / "bundle.yaml").read_text(encoding="utf-8")
    text = text.replace("DISGUISE", disguise.replace("TRAP", str(tmp_path / "trapped")))
    (saved / "bundle.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(EarmarkError, match=r"is refused: it asks to run (os\.mkdir|\$\{oc\.)"):
        module_of(Bundle.load(saved))
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content.pop("settings"),
        lambda content: content["settings"].pop("model"),
        lambda content: content["settings"].update(features=None),
        lambda content: content.pop("labels"),
        lambda content: content.update(labels=3),
        lambda content: content.pop("decision"),
        lambda content: content["decision"].pop("threshold"),
        lambda content: content["decision"].update(magic=1),
    ],
)
def test_a_bundle_yaml_that_lacks_something_is_one_line(rewrite, edit):
    def change(content):
        edit(content)
        return content

    folder = rewrite(change)
    with pytest.raises(EarmarkError) as caught:
        Bundle.load(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is not a bundle: bundle.yaml cannot be read"),
        (b"\xff\xfe", "is not a bundle: bundle.yaml cannot be read"),
        (b"{: [", "is not a bundle: bundle.yaml cannot be read"),
        (b"", "is not an earmark bundle"),
        (b"- 1\n", "is not an earmark bundle"),
        (b"format: something else\nversion: 1\n", "is not an earmark bundle"),
        (b"!!python/object/apply:os.system [false]", "is not a bundle: bundle.yaml cannot be read"),
    ],
)
def test_what_is_no_bundle_is_said(tmp_path, content, message):
    folder = tmp_path / "models"
    folder.mkdir()
    if content is not None:
        (folder / "bundle.yaml").write_bytes(content)
    with pytest.raises(EarmarkError, match=f"models {message}"):
        Bundle.load(folder)


def test_a_missing_folder_is_said(tmp_path):
    for ask in (Bundle.load, bundle_hash):
        with pytest.raises(EarmarkError, match="nothing is not a bundle"):
            ask(tmp_path / "nothing")


def test_a_bundle_moves_as_a_folder(saved, tmp_path):
    moved = shutil.copytree(saved, tmp_path / "elsewhere")
    assert Bundle.load(moved).labels == Bundle.load(saved).labels


def test_loading_needs_neither_mlflow_nor_lightning_nor_dvc(saved, python):
    code = (
        "import sys; from pathlib import Path; from earmark.bundle import Bundle\n"
        "from earmark.identify.encoding import module_of\n"
        "module_of(Bundle.load(Path(sys.argv[1])))\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & set(sys.argv[2:])))"
    )
    needless = ("mlflow", "pytorch_lightning", "lightning_fabric", "dvc", "pandas", "sklearn", "matplotlib")
    out, err = python(code, saved, *needless).communicate(timeout=120)
    assert (out, err) == ("[]\n", "")


def make_classifier(seed=0):
    """A network with a head on it, whose clips vote."""
    torch.manual_seed(seed)
    chosen = ["model=dense", "objective=cross_entropy", "decision=vote", "sampler=shuffled"]
    config = compose(WORKSPACE.conf, [*chosen, "features.n_mels=16"])
    model = config.parts(config.recipe(WORKSPACE)).model_node(classes=2) | {"frames": 20}
    encoder = build(model, "model").eval()
    vote = FittedVote(LABELS, 0.31, True, 0.4, Rejection(0.6, 0.2, 0.3))
    scores = np.random.default_rng(seed).standard_normal((3, 2)).astype(np.float32)
    return Bundle({**settings(), "model": model}, arrays(encoder), vote, references(), scores)


@pytest.fixture
def saved_classifier(tmp_path):
    make_classifier().save(tmp_path / "classifier")
    return tmp_path / "classifier"


def test_a_classifier_and_its_vote_come_back_as_they_were(saved_classifier):
    before, loaded = make_classifier(), Bundle.load(saved_classifier)
    assert loaded.decision == before.decision
    assert loaded.settings == before.settings
    assert type(module_of(loaded)).__name__ == "Classifier"
    assert set(loaded.weights) == set(before.weights) >= {"head.weight", "head.bias"}
    clips = torch.rand(4, 1, 16, 20, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        one, other = module_of(before)(clips), module_of(loaded)(clips)
    assert torch.equal(one, other)
    assert other.shape == (4, 2)
    one, other = (each.decision.predict(one.numpy()) for each in (before, loaded))
    assert (one.label, one.confidence, one.share) == (other.label, other.confidence, other.share)


def test_a_classifiers_bundle_has_the_same_bytes_again(saved_classifier, tmp_path):
    Bundle.load(saved_classifier).save(tmp_path / "again")
    assert bundle_hash(saved_classifier) == bundle_hash(tmp_path / "again")


@pytest.mark.parametrize(
    "edit",
    [
        lambda encoder: encoder.update(_target_="os.mkdir"),
        lambda encoder: encoder.update(_target_="earmark.models.convnet.torch.hub.load"),
        lambda encoder: encoder.update(_target_="earmark.models.convnet.nn.Linear"),
        lambda encoder: encoder.update(_target_="earmark.bundle.Bundle"),
        lambda encoder: encoder.update(hidden=[{"_target_": "os.mkdir", "path": "trapped"}]),
        lambda encoder: encoder.update(dropout={"deep": {"_target_": "os.mkdir", "path": "trapped"}}),
        lambda encoder: encoder.update(dropout="${oc.create:{_target_: os.mkdir, path: trapped}}"),
    ],
)
def test_an_encoder_under_a_head_runs_no_foreign_code(saved_classifier, tmp_path, monkeypatch, edit):
    monkeypatch.chdir(tmp_path)
    content = yaml.safe_load((saved_classifier / "bundle.yaml").read_text(encoding="utf-8"))
    edit(content["settings"]["model"]["encoder"])
    (saved_classifier / "bundle.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(EarmarkError, match=r"is refused: it asks to run .*, which is not earmark's"):
        module_of(Bundle.load(saved_classifier))
    assert not (tmp_path / "trapped").exists()


def test_a_decision_of_another_kind_is_refused(saved_classifier):
    for edit, message in (
        ({"kind": "oracle"}, "its decision is oracle, and known are discriminant and prototypes and vote"),
        ({"kind": "prototypes"}, "its decision is not whole"),
        ({"magic": 1.0}, "its decision has more than a vote decision"),
    ):
        content = yaml.safe_load((saved_classifier / "bundle.yaml").read_text(encoding="utf-8"))
        changed = {**content, "decision": {**content["decision"], **edit}}
        (saved_classifier / "bundle.yaml").write_text(yaml.safe_dump(changed), encoding="utf-8")
        with pytest.raises(EarmarkError, match=message):
            Bundle.load(saved_classifier)
        (saved_classifier / "bundle.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.mark.parametrize(
    "edit",
    [
        lambda settings: settings.pop("midi"),
        lambda settings: settings["audio"].pop("sample_rate"),
        lambda settings: settings["dataset"].update(magic=1),
        lambda settings: settings.update(render=3),
    ],
)
def test_settings_that_do_not_say_how_a_piece_is_heard_are_one_line(rewrite, edit):
    folder = rewrite(lambda content: edit(content["settings"]) and None)
    with pytest.raises(EarmarkError, match="is refused: its settings are not whole") as caught:
        Bundle.load(folder)
    assert "\n" not in str(caught.value)


# bundle.yaml as version 0.1 of the package wrote it; the digests are filled in.
OLD_BUNDLE = """
decision:
{decision}
files:
{files}
format: earmark-bundle
labels:
- Ash
- Birch
settings:
  audio: {{channels: 1, sample_rate: 8000}}
  dataset: {{clip_s: 3.0, evaluation_hop_s: 3.0, evaluation_max_clips: 18, max_band_shift: 4,
    max_gain_db: 6.0, max_masked_bands: 16, max_transposition: 0, training_hop_s: 0.0,
    validation_max_clips: 4}}
  features: {{_target_: earmark.features.mel.LogMel, f_max_hz: 4000.0, f_min_hz: 40.0, hop_length: 512,
    mel_scale: slaney, n_fft: 1024, n_mels: 16, norm: slaney, top_db: 40.0, win_length: 1024}}
  midi: {{onset_rate_hz: 4.0, tempo: normalised}}
{model}
  render: {{chorus: false, gain: 0.6, instruments: piano, max_seconds: 180.0, reverb: false,
    soundfont: TimGM6mb.sf2, synth_rate: 44100, tail_s: 1.0}}
version: 2
"""
CONVNET = """\
  model: {_target_: earmark.models.convnet.ConvNet, bands: 16, channels: 1, dropout: 0.3, embedding: 64,
    frames: 47, statistics: true, unit: false, widths: [16, 32, 64, 128]}"""
CLASSIFIER = """\
  model:
    _recursive_: false
    _target_: earmark.models.classifier.Classifier
    bands: 16
    channels: 1
    classes: 2
    encoder: {_target_: earmark.models.convnet.ConvNet, dropout: 0.3, embedding: 64, statistics: true,
      unit: false, widths: [16, 32, 64, 128]}
    frames: 47"""
REJECTION = "min_confidence: 0.0, min_share: 0.0, temperature: 0.5, threshold: 1.0e+09"
OLD_DECISIONS = {
    "prototypes": (CONVNET, f"  {{kind: prototypes, {REJECTION}}}"),
    "vote": (
        CLASSIFIER,
        f"  {{kind: vote, confidence_weighted: 1.0, min_clip_confidence: 0.0, {REJECTION}}}",
    ),
}


@pytest.mark.parametrize("kind", OLD_DECISIONS)
def test_a_bundle_of_the_old_code_still_identifies(small_bundle, tmp_path, kind):
    """Version 2 without the question, the section `validate` and the soundfont's digest."""
    folder = tmp_path / "models"
    folder.mkdir()
    model, decision = OLD_DECISIONS[kind]
    encoder = build(yaml.safe_load(model)["model"], "model").eval()
    arrays = small_bundle.decision.arrays() if kind == "prototypes" else {}
    width = 64 if kind == "prototypes" else 2
    weights = {name: tensor.contiguous() for name, tensor in encoder.state_dict().items()}
    save_tensors(weights, folder / "encoder.safetensors")
    save_arrays(arrays, folder / "decision.safetensors")
    embeddings = small_bundle.embeddings[:2, :width].copy()
    save_arrays({"embeddings": embeddings}, folder / "references.safetensors")
    table = "piece_id,label,group,title,start_s\np1,Ash,w1,One,0.0\np2,Birch,w2,,3.0\n"
    (folder / "references.csv").write_text(table)
    files = "".join(f"  {name}: {digest_file(folder / name)}\n" for name in FILES)
    (folder / "bundle.yaml").write_text(OLD_BUNDLE.format(files=files, model=model, decision=decision))
    bundle = Bundle.load(folder)
    assert (bundle.question, bundle.decision.kind) == ("", kind)
    assert bundle.hearing.silence_db == -70
    time_s = np.arange(7 * 8000) / 8000
    melody = 0.4 * np.sin(2 * np.pi * 300 * time_s) * (1 + np.sin(2 * np.pi * 0.7 * time_s)) / 2
    verdict = Identifier.load(folder).identify_array(melody, 8000)
    assert (verdict.error, verdict.label in ("Ash", "Birch")) == ("", True)
    assert [neighbour.piece_id for neighbour in verdict.neighbours if neighbour.label == "Ash"] == ["p1"]
    assert verdict.clip_probabilities.shape == (3, 2)
