"""Every choice in conf/ works, and what a user mistypes is said in one line."""

import json
import shlex
from pathlib import Path

import pytest
import torch

from earmark.foundation.errors import EarmarkError
from earmark.foundation.targets import build
from earmark.pipeline.settings.checks import check
from earmark.pipeline.settings.config import (
    compose,
    override_key,
    standing_overrides,
    workspace_overrides,
)

CONF = Path(__file__).parents[3] / "conf"
CHOICES = sorted(
    f"{file.parent.relative_to(CONF).as_posix()}={file.stem}"
    for file in CONF.rglob("*.yaml")
    if file.parent != CONF
)
SCORES = ["objective=cross_entropy", "decision=vote"]
# What a choice needs beside it, where the default does not suit it.
PARTNERS = {
    **{f"model=author_{kind}": ["experiment=author_original"] for kind in ("dense", "rnn", "gru")},
    "model=composer_original": ["experiment=composer_original"],
    "model=genre_original": ["experiment=genre_original"],
    "model=key": ["experiment=key_convnet"],
    "model=key_profiles": ["experiment=key"],
    "model=rhythm": ["experiment=genre_rhythm"],
    "model=key_original": ["experiment=key_original"],
    "model=note_statistics": ["experiment=composer"],
    "model=notes_and_timbre": ["experiment=composer_both"],
    "features=notes_and_mel": ["experiment=composer_both"],
    **{f"model={kind}": SCORES for kind in ("logistic", "forest", "classifier")},
    "sampler=anchors": ["objective=anchor_triplet"],
    "objective=anchor_triplet": ["sampler=anchors"],
    "decision=vote": SCORES[:1],
    **{
        f"features={kind}": ["dataset=plain"]
        for kind in ("descriptors", "grey", "key_picture", "levels", "mel_and_descriptors", "notes")
    },
    "decision=majority": SCORES[:1],
    **{f"hydra/sweeper/params={kind}": ["hydra/sweeper=optuna"] for kind in ("optimizer", "convnet")},
}


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_composes_and_instantiates(choice, monkeypatch):
    for device in (torch.cuda, torch.backends.mps):  # a GPU is somebody else's
        monkeypatch.setattr(device, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda emulated: True)
    cfg = compose(CONF, [*PARTNERS.get(choice, []), choice])
    check(cfg)  # builds model, objective, sampler, decision, front end, executor and sections
    optimizer = build({**cfg.trainer.optimizer, "params": [torch.zeros(1, requires_grad=True)]}, "")
    assert isinstance(optimizer, torch.optim.Optimizer)


def test_a_choice_takes_effect():
    rates = {name: compose(CONF, [f"audio={name}"]).audio.channels for name in ("mono22k", "stereo44k")}
    assert rates == {"mono22k": 1, "stereo44k": 2}


def test_an_override_comes_after_an_experiment():
    cfg = compose(CONF, ["experiment=composer", "render=original", "trainer.seed=7"])
    assert (cfg.render.instruments, cfg.trainer.seed) == ("original", 7)


def test_values_are_converted_to_the_schemas_types():
    cfg = compose(CONF, ["validate.min_duration_s=3"])
    assert isinstance(cfg.validate.min_duration_s, float)


def test_a_composed_config_has_no_value_missing():
    assert "???" not in json.dumps(compose(CONF, []).as_dict())


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("trainer.sed=1", "sed"),
        ("rendr.gain=1", "rendr"),
        ("trainer.optimizer.lr.x=1", "lr"),
        ("model=convnot", "convnot"),
        ("modl=convnet", "modl"),
        ("experiment=nothing", "nothing"),
        ("trainer.max_epochs=many", "max_epochs"),
        ("audio.sample_rate=fast", "sample_rate"),
        ("render.reverb=perhaps", "reverb"),
        ("trainer.seed", "trainer.seed"),
        ("trainer.seed=[1", "trainer.seed"),
    ],
)
def test_a_typo_is_one_line_that_names_it(override, named):
    with pytest.raises(EarmarkError) as caught:
        compose(CONF, [override])
    text = one_line(caught)
    assert named in text
    assert "append" not in text  # Hydra's advice, which leads nowhere here


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "midi.tempoo=x",
            "there is no setting midi.tempoo: did you mean tempo? What there is: tempo, onset_rate_hz",
        ),
        (
            "trainer.optimizer.lrr=1",
            "there is no setting trainer.optimizer.lrr: did you mean lr? What there is: lr,",
        ),
        ("zzz=1", "there is no setting zzz. What there is: data, midi, render"),
        (
            "model=convnett",
            "there is no choice model=convnett: did you mean convnet? What there is: author_dense",
        ),
        (
            "render.synth_rate=fast",
            "render.synth_rate=fast: Value 'fast' of type 'str' could not be converted",
        ),
    ],
)
def test_a_slip_of_the_pen_is_told_in_our_words(override, said):
    with pytest.raises(EarmarkError) as caught:
        compose(CONF, [override])
    assert one_line(caught).startswith(f"config: {said}")
    assert "hydra" not in one_line(caught).lower()


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("tracking.experiment=a=b", """and once for the shell: 'tracking.experiment="a=b"'"""),
        ("render.soundfont=~/piano.sf2", """: 'render.soundfont="~/piano.sf2"'"""),
        ("data.question=Dvořák's", """: "data.question=\\"Dvořák's\\"\""""),
        (
            "data.labels=Bach,Haydn",
            """one text, 'data.labels="Bach,Haydn"'; a list, 'data.labels=[Bach,Haydn]'; or""",
        ),
        ("model=Dvořák,a", """'model="Dvořák,a"'; several values: 'model="Dvořák",a'"""),
        ("data.merge={Dvořák: [a]}", "write it into conf/data/mine.yaml, below"),
        ("trainer.seed", "an override is KEY=VALUE"),
        ("trainer.seed =1", "an override is KEY=VALUE"),
        ("=1", "an override is KEY=VALUE"),
        ("~data.question", "give it a value, data.question=…"),
        ("~trainer", "give it a value, trainer=…"),
    ],
)
def test_how_an_override_is_typed_is_shown(override, said):
    with pytest.raises(EarmarkError) as caught:
        compose(CONF, [override])
    assert said in one_line(caught)
    assert override.removeprefix("~") in one_line(caught)
    assert "hydra.cc" not in one_line(caught)


def test_what_is_shown_is_taken():
    with pytest.raises(EarmarkError) as caught:
        compose(CONF, ["data.labels=[Dvořák, B=C]"])
    (typed,) = shlex.split(one_line(caught).rpartition(": ")[2])
    assert compose(CONF, [typed]).data.labels == ["Dvořák", "B=C"]


def test_a_reference_to_nothing_is_one_line_that_names_it():
    with pytest.raises(EarmarkError) as caught:
        compose(CONF, ["trainer.seed=${trainer.sed}"])
    assert "trainer.sed" in one_line(caught)


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("model=a", "model"),
        ("trainer.seed=1", "trainer.seed"),
        ("++trainer.seed=1", "trainer.seed"),
        ("+x.y=a=b", "x.y"),
        ("~model", "model"),
        ("~model=a", "model"),
        ("hydra/sweeper=optuna", "hydra/sweeper"),
    ],
)
def test_override_key(override, key):
    assert override_key(override) == key


@pytest.mark.parametrize(
    ("later", "standing"),
    [
        ([], ["experiment=a", "trainer.seed=2"]),
        (["experiment=b"], ["trainer.seed=2"]),
        (["++trainer.seed=3"], ["experiment=a"]),
        (["~trainer.seed"], ["experiment=a"]),
        (["trainer.seed=1,2,3", "experiment=a,b"], []),
        (["trainer.seeds=1", "-m", "--multirun"], ["experiment=a", "trainer.seed=2"]),
        (["-cn", "experiment"], ["experiment=a", "trainer.seed=2"]),
    ],
)
def test_standing_overrides_are_those_not_replaced(later, standing):
    assert standing_overrides(["experiment=a", "trainer.seed=2"], later) == standing


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        (None, []),
        ("", []),
        ("# nothing yet\n", []),
        ("overrides: []\n", []),
        ("overrides: [experiment=composer, trainer.seed=2]\n", ["experiment=composer", "trainer.seed=2"]),
        ('overrides: ["model=b"]\n', ["model=b"]),
    ],
)
def test_workspace_overrides(tmp_path, text, listed):
    file = tmp_path / "overrides.yaml"
    if text is not None:
        file.write_text(text)
    assert workspace_overrides(file) == listed


@pytest.mark.parametrize(
    "text",
    [
        "overrides: experiment=composer\n",
        "overrides: {trainer.seed: 2}\n",
        "overrides: [1, 2]\n",
        "overrides:\n",
        "- experiment=composer\n",
        "experiment=composer\n",
        "override: [experiment=composer]\n",
        "overrides: [experiment=composer]\ntrainer: {seed: 1}\n",
        "overrides: [experiment=composer\n",
        "\t: {",
    ],
)
def test_bad_workspace_overrides_are_one_line_that_names_the_file(tmp_path, text):
    file = tmp_path / "overrides.yaml"
    file.write_text(text)
    with pytest.raises(EarmarkError) as caught:
        workspace_overrides(file)
    assert "overrides.yaml" in one_line(caught)
