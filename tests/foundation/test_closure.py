"""Which of our modules a module needs."""

from pathlib import Path

import pytest
import yaml

from earmark.foundation import closure as module
from earmark.foundation.closure import closure, code_version
from earmark.pipeline.settings.config import compose as compose_config

PROJECT = Path(__file__).parents[2]
STAGES = {
    name: stage
    for file in ("dvc.yaml", "optional/dvc.yaml")
    for name, stage in yaml.safe_load((PROJECT / file).read_text(encoding="utf-8"))["stages"].items()
}
MOST_DEPS = 10


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `earmark` of the given sources, in place of the real one."""

    def forget():
        for function in (module.imports, module.closure, module.code_version, module.source_digest):
            function.cache_clear()

    def write(**sources):
        for name, source in sources.items():
            file = (tmp_path / "earmark").joinpath(*name.split("__")).with_suffix(".py")
            file.parent.mkdir(parents=True, exist_ok=True)
            (file.parent / "__init__.py").touch()
            file.write_text(source)
        forget()  # a process reads its own source once

    monkeypatch.setattr(module, "PACKAGE", tmp_path / "earmark")
    yield write
    forget()


def names(files):
    return {path.relative_to(module.PACKAGE).as_posix() for path in files}


def test_imports_of_imports_are_found_wherever_they_stand(package):
    package(
        a="from earmark.b import x\nimport numpy, earmark.e",
        b="def f():\n    from earmark.sub.c import y",
        sub__c="if True:\n    from earmark.sub import d",
        e="import os",
        f="",
        sub__d="",
    )
    assert names(closure("earmark.b")) >= {"b.py", "sub/c.py", "sub/d.py"}
    assert names(closure("earmark.a")) == names(closure("earmark.b")) | {"a.py", "e.py"}
    assert names(closure("earmark.e")) == {"e.py"}


def test_imports_in_strings_and_comments_are_none(package):
    package(a='"""from earmark.b import x"""\n# import earmark.b', b="")
    assert names(closure("earmark.a")) == {"a.py"}


def test_imports_for_type_checkers_alone_stay_out_and_their_alternative_in(package):
    package(
        a="import typing\nif typing.TYPE_CHECKING:\n    import earmark.b\nelse:\n    import earmark.c",
        b="",
        c="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from earmark.b import x",
    )
    assert names(closure("earmark.a")) == {"a.py", "c.py"}


def test_a_module_of_a_package_comes_alone_and_the_package_with_all_members(package):
    package(
        one="from earmark.models.convnet import Net",
        all="from earmark import models",
        models__convnet="",
        models__transformer="from earmark.help import f",
        help="",
    )
    assert names(closure("earmark.one")) == {"one.py", "models/convnet.py"}
    members = {"models/__init__.py", "models/convnet.py", "models/transformer.py"}
    assert names(closure("earmark.all")) == {"all.py", "help.py"} | members


def test_a_relative_import_is_one_too(package):
    package(
        sub__a="from . import b\nfrom .c import x\nfrom ..d import y\nfrom .. import e",
        **dict.fromkeys(("sub__b", "sub__c", "d", "e"), ""),
    )
    assert names(closure("earmark.sub.a")) >= {"sub/b.py", "sub/c.py", "d.py", "e.py"}


def test_circles_end(package):
    package(a="import earmark.b", b="import earmark.a")
    assert names(closure("earmark.a")) == names(closure("earmark.b")) == {"a.py", "b.py"}


def test_what_changes_no_result_stays_out_and_its_namesakes_in(package):
    """Each of them, and what it alone imports."""
    ignored = [
        f"{name}new" if name.endswith("/") else name.removesuffix(".py")
        for name in module.WITHOUT_EFFECT
        if name != "__init__.py"
    ]
    package(
        a="\n".join(f"import earmark.{name.replace('/', '.')}" for name in (*ignored, "sub/settings")),
        **{name.replace("/", "__"): "import earmark.other" for name in ignored},
        other="",
        sub__settings="",
    )
    assert names(closure("earmark.a")) == {"a.py", "sub/settings.py"}


def test_what_changes_no_result_exists():
    assert [name for name in module.WITHOUT_EFFECT if not (module.PACKAGE / name).exists()] == []


@pytest.mark.parametrize("name", ["earmark.nowhere", "numpy", "earmarked.store"])
def test_what_is_not_ours_has_no_closure(name):
    with pytest.raises(ValueError, match=f"{name} is not a module of earmark"):
        closure(name)


def test_the_version_changes_with_every_file_of_the_closure_and_with_no_other(package):
    sources = {"a": "import earmark.b", "b": "import earmark.sub.c", "sub__c": "x = 1", "d": ""}
    package(**sources)
    before = code_version("earmark.a")
    for name, changed in [("a", True), ("b", True), ("sub__c", True), ("d", False)]:
        package(**{name: sources[name] + "\ny = 1"})
        assert (code_version("earmark.a") != before) == changed, name
        package(**{name: sources[name]})
        assert code_version("earmark.a") == before, name


def test_the_version_changes_with_a_module_s_name(package):
    package(a="from earmark import models", models__convnet="")
    before = code_version("earmark.a")
    (module.PACKAGE / "models" / "convnet.py").unlink()
    package(models__transformer="")
    assert code_version("earmark.a") != before


def test_the_source_s_digest_is_that_of_all_modules(package):
    package(a="x = 1", sub__b="y = 1")
    digests = [module.source_digest()]
    for changed in ({"a": "x = 2"}, {"sub__b": "y = 2"}, {"c": ""}):
        package(**changed)
        digests.append(module.source_digest())
    assert len(set(digests)) == 4
    package(a="x = 1", sub__b="y = 1")
    (module.PACKAGE / "c.py").unlink()
    package()
    assert module.source_digest() == digests[0]


def test_rendering_needs_its_midi_reader_and_not_the_models():
    needed = names(closure("earmark.music.synthesis.piece"))
    assert needed >= {
        *("music/synthesis/piece.py", "music/synthesis/synth.py"),
        *("music/midi/smf.py", "music/midi/arrange.py", "music/recordings/audio.py"),
    }
    assert {name.split("/")[0] for name in needed} == {"music"}


def listed_code(stage):
    """Files and folders of the package that are deps of a stage."""
    return [PROJECT / dep for dep in STAGES[stage]["deps"] if dep.startswith("src/")]


@pytest.mark.parametrize("stage", STAGES)
def test_dvc_knows_every_module_that_a_stage_needs(stage):
    """DVC reruns a stage when a dep changes, and sees no imports."""
    listed = listed_code(stage)
    needed = closure(f"earmark.pipeline.{stage}")
    assert [file for file in needed if not any(file.is_relative_to(dep) for dep in listed)] == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_little_and_on_nothing_that_it_does_not_need(stage):
    listed = listed_code(stage)
    needed = set(closure(f"earmark.pipeline.{stage}"))
    if stage == "compose":  # params.yaml has the fields of the schema
        needed |= set((module.PACKAGE / "pipeline" / "settings").rglob("*.py"))
    assert len(STAGES[stage]["deps"]) <= MOST_DEPS
    assert [dep for dep in listed if not any(file.is_relative_to(dep) for file in needed)] == []
    inside = [
        (dep, other) for dep in listed for other in listed if dep != other and dep.is_relative_to(other)
    ]
    assert inside == []


@pytest.mark.parametrize(
    ("stage", "group"),
    [
        *(("render", "features"), ("features", "features"), ("train", "features"), ("train", "model")),
        *(("train", "objective"), ("train", "sampler"), ("train", "decision"), ("evaluate", "decision")),
    ],
)
def test_dvc_knows_the_module_of_the_class_that_a_config_chooses(stage, group):
    target = getattr(compose_config(PROJECT / "conf", []), group)["_target_"]
    file = PROJECT.joinpath("src", *target.split(".")[:-1]).with_suffix(".py")
    assert any(file.is_relative_to(dep) for dep in listed_code(stage)) == (stage != "render")


@pytest.mark.parametrize(
    ("folder", "table"),
    [
        ("data/raw", "data/catalog.csv"),
        ("data/audio", "data/audio.csv"),
        ("data/features", "data/features.csv"),
    ],
)
def test_a_table_of_digests_stands_for_its_folder(folder, table):
    """DVC would look at each file of a folder once for each stage that has it as dep."""
    (maker,) = (stage for stage in STAGES.values() if folder in stage["outs"])
    assert table in maker["outs"]
    assert [name for name, stage in STAGES.items() if folder in stage["deps"]] == []
    assert [name for name, stage in STAGES.items() if table in stage["deps"]] != []
