"""Which code of the package a project's stages depend on."""

import shutil

import pytest
import yaml

from earmark import __version__
from earmark.foundation import closure as closure_module
from earmark.pipeline.project import package
from earmark.pipeline.project.pipeline_file import stages


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """The stages whose digests a change of one file of the package changes."""
    installed = package.digests()
    copy = tmp_path / "earmark"
    original = closure_module.PACKAGE
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns("__pycache__", "bundles", "*.safetensors"))

    def forget():
        for function in (closure_module.imports, closure_module.closure, closure_module.code_version):
            function.cache_clear()

    further = {
        stage: [copy / folder.relative_to(original) for folder in folders]
        for stage, folders in package.FURTHER.items()
    }
    monkeypatch.setattr(package, "FURTHER", further)
    monkeypatch.setattr(package, "PACKAGE", copy)
    monkeypatch.setattr(closure_module, "PACKAGE", copy)
    forget()
    before = package.digests()
    assert before == installed  # where links are copies, as in a wheel

    def change(name):
        file = copy / name
        content = file.read_bytes()
        file.write_bytes(content + b"\n# edited\n")
        forget()
        after = package.digests()
        file.write_bytes(content)
        return {stage for stage in before if before[stage] != after[stage]}

    yield change
    forget()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pipeline/tracking/tracker.py", set()),
        ("foundation/progress.py", set()),
        ("evaluation/plots.py", {"evaluate"}),
        ("learning/training.py", {"train"}),
        ("music/splits.py", {"split"}),
        ("pipeline/settings/schema.py", {"compose"}),
        ("pipeline/catalogue/conf/model/convnet.yaml", {"compose"}),
        ("pipeline/catalogue/corpora/key.csv", {"ingest"}),
    ],
)
def test_a_changed_file_changes_the_digests_of_the_stages_that_it_decides(changed, name, expected):
    assert changed(name) == expected


def test_each_stage_has_a_digest_of_its_own():
    found = package.digests()
    assert set(found) == set(stages())
    assert len(set(found.values())) == len(found)


def test_the_file_is_yaml_that_names_the_version(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    package.main()
    found = yaml.safe_load((tmp_path / "package.yaml").read_text())
    assert found == {"earmark": __version__, **package.digests()}


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package.yaml").mkdir()
    with pytest.raises(SystemExit) as ended:
        package.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1
