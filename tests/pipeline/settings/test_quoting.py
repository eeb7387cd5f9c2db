"""What to type for a value that Hydra does not read as it stands."""

import shlex
import subprocess

import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser

from earmark.pipeline.settings.quoting import typed_override, typed_parts


def read(typed):
    """What Hydra gets of it through a shell."""
    words = subprocess.run(["sh", "-c", f"printf %s {typed}"], capture_output=True, check=True).stdout
    (override,) = OverridesParser.create().parse_overrides([words.decode()])
    return override.value()


TEXTS = [
    *(
        "a=b",
        "who=what=when",
        "it's",
        'say "so"',
        "Dvořák",
        "北京",
        "~/music",
        "#1",
        "a;b&c",
        "x!",
        "<x>",
        "(x)",
    ),
    *("^(.*?)_[0-9]+_", "^[a-z]+é\\d", "a, b", "/mnt/Bob's=/x y.sf2", 'it\'s "so"', "back\\", 'é\\"', "${x"),
    *("it's $HOME", "{x", "[x", "a\\\\é", "`ls`", "é ${a}", "it's a \\ back", "dogs'"),
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("key", ["data.question", "+a.b", "++a/b", "a@b"])
def test_a_text_is_what_it_was(text, key):
    typed = typed_override(f"{key}={text}")
    assert read(typed).replace("\\${", "${") == text
    assert shlex.split(typed)[0].startswith(f"{key}=")


@pytest.mark.parametrize(
    ("override", "typed"),
    [
        ("tracking.experiment=a=b", """'tracking.experiment="a=b"'"""),
        ("data.labels=[Dvořák, Bach, B=C]", """'data.labels=["Dvořák",Bach,"B=C"]'"""),
        ("data.labels=['Dvořák', Janáček]", '''"data.labels=['Dvořák',\\"Janáček\\"]"'''),
        ("data.merge={classical: [Dvořák]}", """'data.merge={classical:["Dvořák"]}'"""),
        ("model=choice(a, Dvořák)", """'model=choice(a,"Dvořák")'"""),
        ("data.question=it's", '''"data.question=\\"it's\\""'''),
        ("data.question='left open", """'data.question="left open"'"""),
        ("data.question=", """\'data.question=""\'"""),
    ],
)
def test_what_is_typed(override, typed):
    assert typed_override(override) == typed
    assert yaml.safe_load(typed) == shlex.split(typed)[0]  # so that it may stand in overrides.yaml


def test_the_values_of_a_sweep_are_quoted_one_by_one():
    assert typed_parts("data.question=Bach, Dvořák,a=b") == """'data.question=Bach,"Dvořák","a=b"'"""
    assert read(typed_parts("data.labels=[it's, a ]")) == ["it's", "a"]


@pytest.mark.parametrize("override", ["trainer.seed", "=3", "é=1", "a b=1", "data.merge={Dvořák: [a]}"])
def test_where_quotes_do_not_help(override):
    assert typed_override(override) is None
