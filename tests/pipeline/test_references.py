"""Which entries something outside of the store refers to."""

import hashlib
import json
import shutil

import pytest
import yaml

from earmark.pipeline.references import References, digest_md5, names_of


@pytest.fixture
def project(tmp_path):
    for name in ("data/audio", "runs/one/data/audio", ".dvc/cache/files/md5"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def entry(tmp_path):
    path = tmp_path / "cache" / "ab00.wav"
    path.parent.mkdir()
    path.write_bytes(b"sound")
    return path


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def record(project, outs, name="dvc.lock"):
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text(yaml.safe_dump({"stages": {"render": {"outs": outs}}}))


def test_nothing_refers_to_it(project, entry):
    (project / "data" / "audio" / "b.wav").write_bytes(b"other")  # as long
    record(project, [{"path": "data/audio", "md5": md5(b"x")}])
    assert not References.of(project).hold(entry, 5)


@pytest.mark.parametrize("place", ["data/audio", "runs/one/data/audio"])
def test_a_copy_among_the_outputs(project, entry, place):
    shutil.copyfile(entry, project / place / "a.wav")
    assert References.of(project).hold(entry, 5)


@pytest.mark.parametrize("lock", ["dvc.lock", "optional/dvc.lock"])
def test_the_lock_file_names_a_folder_that_holds_it(project, entry, lock):
    listing = json.dumps([{"md5": md5(b"sound"), "relpath": "a.wav"}]).encode()
    folder = f"{md5(listing)}.dir"
    (project / ".dvc/cache/files/md5" / folder[:2]).mkdir()
    (project / ".dvc/cache/files/md5" / folder[:2] / folder[2:]).write_bytes(listing)
    record(project, [{"path": "data/audio", "md5": folder}], lock)
    assert References.of(project).hold(entry, 5)


def test_the_lock_file_names_it_itself(project, entry):
    record(project, [{"path": "a.wav", "md5": md5(b"sound")}])
    assert References.of(project).hold(entry, 5)


def test_a_folder_whose_listing_is_lost_and_lock_files_of_nothing(project, entry):
    record(project, [{"path": "data/audio", "md5": "ab" * 16 + ".dir"}, {"path": "plots"}])
    assert not References.of(project).hold(entry, 5)
    (project / "dvc.lock").write_text("")
    assert not References.of(project).hold(entry, 5)


def test_a_cache_that_dvc_was_told_to_keep_elsewhere(project, entry):
    (project / ".dvc" / "config").write_text("[core]\n  no_scm = true\n[cache]\n  dir = ../elsewhere\n")
    listing = json.dumps([{"md5": md5(b"sound"), "relpath": "a.wav"}]).encode()
    place = project / "elsewhere" / "files" / "md5" / md5(listing)[:2]
    place.mkdir(parents=True)
    (place / f"{md5(listing)[2:]}.dir").write_bytes(listing)
    record(project, [{"path": "data/audio", "md5": f"{md5(listing)}.dir"}])
    assert References.of(project).hold(entry, 5)


def test_other_names_of_an_inode(project, entry):
    for name in ("data/audio/a.wav", "runs/one/data/audio/b.wav", ".dvc/cache/files/md5/x"):
        (project / name).hardlink_to(entry)
    (project / "data/audio/c.wav").write_bytes(b"sound")
    status = entry.stat()
    assert sorted(
        str(path.relative_to(project)) for path in names_of({(status.st_dev, status.st_ino)}, project)
    ) == [
        ".dvc/cache/files/md5/x",
        "data/audio/a.wav",
        "runs/one/data/audio/b.wav",
    ]


def test_the_digest_is_dvcs(entry):
    assert digest_md5(entry) == md5(b"sound")
