"""A source becomes a catalog, and a copy of every file."""

import os
import shutil
import stat
import unicodedata

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import COLUMNS, read_table
from earmark.music.sources.choice import use_csv, use_folder
from earmark.pipeline.ingest import run
from earmark.store import digest_file


@pytest.fixture
def ingest(tmp_path, small):
    """Ingest a folder or CSV of files that are not looked into; the workspace."""
    workspace = Workspace.at(tmp_path / "checkout")
    music = tmp_path / "music"
    music.mkdir()

    def ingested(*names, csv=None, **files):
        for name in names:
            (music / name).parent.mkdir(parents=True, exist_ok=True)
            (music / name).write_text(files.get(name, name))
        if csv is None:
            use_folder(workspace.source, music)
        else:
            (music / "list.csv").write_text(csv)
            use_csv(workspace.source, music / "list.csv")
        run(small("data.min_works=1", *overrides), workspace)  # few works will do
        return workspace

    overrides = []
    ingested.overrides, ingested.music = overrides, music
    return ingested


def test_the_catalog_has_a_row_for_every_piece(finished):
    catalog = read_table(finished.workspace.catalog)
    assert list(catalog.columns) == COLUMNS
    assert len(catalog) == 15 + 1 + 6 + 4  # works, movement, strangers, what other stages refuse
    assert list(catalog.piece_id) == sorted(set(catalog.piece_id))
    found = catalog.set_index("path")
    assert found.loc["Ash/5.wav", ["media", "label", "group", "role"]].tolist() == [
        *("audio", "Ash", "Ash op. 5", "known")
    ]
    assert found.loc["Ash/1.mid"].group == found.loc["Ash/1b.mid"].group == "Ash op. 1"
    assert found.loc["calibration0.mid", ["label", "role"]].tolist() == ["", "unknown-calibration"]


def test_raw_files_are_the_owners_bytes(finished):
    catalog = read_table(finished.workspace.catalog)
    music = os.path.dirname(os.path.realpath(finished.workspace.source / "catalog.csv"))
    assert sorted(catalog.raw) == sorted(path.name for path in finished.workspace.raw.iterdir())
    for row in catalog.itertuples():
        raw = finished.workspace.raw / row.raw
        with open(os.path.join(music, row.path), "rb") as file:
            assert raw.read_bytes() == file.read()
        assert row.sha256 == digest_file(raw)


def test_a_file_that_is_not_there_is_left_out_and_said(finished):
    failures = read_table(finished.workspace.data / "failures" / "ingest.csv")
    assert failures[["path", "label", "stage", "reason"]].to_numpy().tolist() == [
        ["Cedar/lost.mid", "Cedar", "ingest", "cannot be read: No such file or directory"]
    ]
    assert (
        "ingest: left out Cedar/lost.mid: cannot be read: No such file or directory"
        in finished.lines["ingest"]
    )


def test_the_owners_files_stay_as_they_are(ingest):
    workspace = ingest("Bach/a.mid")
    owner, (raw,) = ingest.music / "Bach/a.mid", workspace.raw.iterdir()
    assert not owner.samefile(raw)
    assert os.access(owner, os.W_OK)
    assert stat.S_IMODE(owner.stat().st_mode) & 0o200
    owner.write_text("changed")
    assert raw.read_text() == "Bach/a.mid"


def test_a_changed_file_is_read_anew_and_a_removed_one_goes(ingest):
    workspace = ingest("Bach/a.mid", "Bach/b.mid")
    before = read_table(workspace.catalog).set_index("path").sha256
    (ingest.music / "Bach/b.mid").unlink()
    workspace = ingest("Bach/a.mid", **{"Bach/a.mid": "new bytes"})
    catalog = read_table(workspace.catalog)
    assert list(catalog.path) == ["Bach/a.mid"]
    assert catalog.sha256[0] != before["Bach/a.mid"]
    assert [path.read_text() for path in workspace.raw.iterdir()] == ["new bytes"]


@pytest.mark.parametrize(
    ("pattern", "groups"),
    [
        ("", ["Bach/BWV 1 a.mid", "Bach/BWV 1 b.mid", "Bach/other.mid"]),
        (r"BWV (\d+)", ["Bach/1", "Bach/1", "Bach/other.mid"]),
        (r"BWV \d+", ["Bach/BWV 1", "Bach/BWV 1", "Bach/other.mid"]),
    ],
)
def test_a_pattern_says_what_a_work_is(ingest, pattern, groups):
    ingest.overrides.append(f"data.group_pattern='{pattern}'")
    workspace = ingest("Bach/BWV 1 a.mid", "Bach/BWV 1 b.mid", "Bach/other.mid")
    assert sorted(read_table(workspace.catalog).group) == groups


def test_a_pattern_that_is_none_is_one_line(ingest):
    ingest.overrides.append("data.group_pattern='('")
    with pytest.raises(EarmarkError, match=r"data\.group_pattern '\(' is not a regular expression"):
        ingest("Bach/a.mid")


@pytest.mark.parametrize(
    ("csv", "said"),
    [
        (
            "path,label\nlost.mid,Bach\ngone.mid,Bach\n",
            "not one of the 2 pieces could be read, the first: lost.mid",
        ),
        ("path,label\nnotes.txt,Bach\n", "not a kind of music file that is known: .txt"),
        ("path,label\nnotes,Bach\n", "not a kind of music file that is known: no suffix"),
        ("path,label\nfolder.mid,Bach\n", "is not a file"),
    ],
)
def test_a_source_of_which_nothing_can_be_read_is_one_line(ingest, csv, said):
    (ingest.music / "folder.mid").mkdir()
    with pytest.raises(EarmarkError) as caught:
        ingest("notes.txt", "notes", csv=csv)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def catalog_of(workspace, *columns):
    return read_table(workspace.catalog).set_index("path")[list(columns)].to_dict("index")


def test_a_label_with_too_few_works_stops_before_anything_is_copied(ingest):
    ingest.overrides.append("data.min_works=0")
    with pytest.raises(EarmarkError, match=r"too few works of Byrd \(2\): a label needs 3"):
        ingest("Bach/1.mid", "Bach/2.mid", "Bach/3.mid", "Byrd/1.mid", "Byrd/Mass/2.mid", "Byrd/Mass/3.mid")
    assert not Workspace.at(ingest.music.parent / "checkout").raw.exists()


def test_a_label_with_too_few_works_is_left_out_where_asked(ingest):
    ingest.overrides.append("data.min_works=3")
    files = ("Bach/1.mid", "Bach/2.mid", "Bach/3.mid", "Byrd/1.mid", "Byrd/2.mid", "Cage/1.mid")
    files += ("Dowland/1.mid", "Dowland/2.mid", "Dowland/3.mid")
    workspace = ingest(*files)
    assert {row["label"] for row in catalog_of(workspace, "label").values()} == {"Bach", "Dowland"}
    assert len(list(workspace.raw.iterdir())) == 6
    failures = read_table(workspace.data / "failures" / "ingest.csv")
    assert failures[["path", "reason"]].to_numpy().tolist() == [
        ["Byrd/1.mid", "its label has too few works: 2, and data.min_works=3"],
        ["Byrd/2.mid", "its label has too few works: 2, and data.min_works=3"],
        ["Cage/1.mid", "its label has too few works: 1, and data.min_works=3"],
    ]


ODD_NAMES = (
    "line\nend",
    "car\rriage",
    "tab\t",
    "\x1b[31mred",
    "q'u\"o,te;",
    "👩\u200d🎤",
    "久石譲",
    "a\u2028b\u202e",
    "=1+1",
)


def test_every_name_survives_in_tables(ingest, capsys):
    """Read back, each name is what it was, in the catalog and among those that were left out."""
    good = [f"Ba\rch/{name}.mid" for name in ODD_NAMES]
    bad = [f"By\nrd/{name}.mid" for name in ODD_NAMES]
    for name in bad:
        (ingest.music / name).parent.mkdir(parents=True, exist_ok=True)
        (ingest.music / name).symlink_to("nowhere")
    workspace = ingest(*good)
    catalog, failures = read_table(workspace.catalog), read_table(workspace.data / "failures" / "ingest.csv")
    assert sorted(catalog.path) == sorted(good)
    assert sorted(catalog.title) == sorted(ODD_NAMES)
    assert set(catalog.label) == {"Ba ch"}
    assert sorted(failures.path) == sorted(bad)
    said = capsys.readouterr().out.split("\n")
    assert len(said) == len(bad) + 3  # copied, left out, counted, and the last line end
    assert all(line.isprintable() for line in said if "👩" not in line)


def test_a_name_in_bytes_is_left_out_by_name(ingest):
    (ingest.music / "Bach").mkdir()
    for name in (b"caf\xe9.mid", b"caf\\xe9.mid"):
        (ingest.music / "Bach" / os.fsdecode(name)).write_text("x")
    workspace = ingest("Bach/a.mid")
    assert sorted(catalog_of(workspace)) == ["Bach/a.mid", r"Bach/caf\xe9.mid"]
    failures = read_table(workspace.data / "failures" / "ingest.csv")
    assert failures[["path", "reason"]].to_numpy().tolist() == [
        [r"Bach/caf\xe9.mid", "its name is not UTF-8: rename it, for example with convmv"]
    ]


def test_a_folder_whose_own_name_is_in_bytes_is_read(ingest):
    ingest.music.rmdir()
    real = ingest.music.parent / os.fsdecode(b"m\xfcsic")
    real.mkdir()
    ingest.music.symlink_to(real)
    assert list(catalog_of(ingest("Bach/a.mid"))) == ["Bach/a.mid"]


def test_merged_labels_are_one_and_their_works_stay_apart(ingest):
    ingest.overrides += ["data.merge={Germans: [Bach, Telemann]}", r"data.group_pattern='(\d)'"]
    workspace = ingest("Bach/1.mid", "Telemann/1.mid", "Byrd/1.mid")
    assert catalog_of(workspace, "label", "group") == {
        "Bach/1.mid": {"label": "Germans", "group": "Bach/1"},
        "Telemann/1.mid": {"label": "Germans", "group": "Telemann/1"},
        "Byrd/1.mid": {"label": "Byrd", "group": "Byrd/1"},
    }


def test_settings_mean_labels_however_they_are_written(ingest):
    """Files of a Mac (NFD), settings that were typed (NFC), and the other way round."""
    composed, apart = (unicodedata.normalize(form, "Dvořák") for form in ("NFC", "NFD"))
    for there, asked in ((apart, composed), (composed, apart)):
        ingest.overrides[:] = [
            f"data.merge={{Czechs: [Suk, '{asked}']}}",
            f"data.labels=[Czechs, '{unicodedata.normalize('NFD', 'Lübeck')}']",
            f"data.group_pattern='{asked}/(.)'",
        ]
        catalog = catalog_of(ingest(f"{there}/a.mid", "Suk/b.mid", "Lübeck/c.mid"), "label", "group")
        assert catalog[f"{there}/a.mid"] == {"label": "Czechs", "group": f"{composed}/a"}
        shutil.rmtree(ingest.music / there)


def test_merging_does_not_rename_pieces(ingest):
    before = read_table(ingest("Bach/1.mid", "Byrd/1.mid").catalog)
    ingest.overrides.append("data.merge={English: [Byrd]}")
    after = read_table(ingest("Bach/1.mid", "Byrd/1.mid").catalog)
    assert list(after.label) == ["Bach", "English"]
    for column in ("piece_id", "raw", "sha256"):
        assert list(before[column]) == list(after[column])


def test_merging_does_not_make_strangers_known(ingest):
    csv = "path,label,role\na.mid,Bach,\nb.mid,Telemann,unknown-test\nc.mid,Byrd,unknown-calibration\n"
    ingest.overrides.append("data.merge={Bach: [Telemann]}")
    with pytest.raises(
        EarmarkError, match=r"data\.merge makes one label, Bach, of known pieces and strangers"
    ):
        ingest("a.mid", "b.mid", "c.mid", csv=csv)
    # Strangers of one role or two may share a label among themselves.
    ingest.overrides[:] = ["data.merge={Others: [Telemann, Byrd]}"]
    found = catalog_of(ingest("a.mid", "b.mid", "c.mid", csv=csv), "label", "role")
    assert [row["label"] for row in found.values()] == ["Bach", "Others", "Others"]


def test_a_merged_label_cannot_be_the_verdict_on_strangers(ingest):
    ingest.overrides.append("data.merge={unknown: [Bach]}")
    with pytest.raises(EarmarkError, match=r"data\.merge: no label can be called unknown") as caught:
        ingest("Bach/1.mid", "Byrd/1.mid")
    assert "\n" not in str(caught.value)


def test_listed_labels_are_those_that_may_occur(ingest):
    ingest.overrides.append("data.labels=[Bach, Byrd, Cage]")
    csv = "path,label,role\na.mid,Bach,\nb.mid,Byrd,\nc.mid,Who,unknown-test\nd.mid,,unknown-calibration\n"
    assert (
        len(catalog_of(ingest("a.mid", "b.mid", "c.mid", "d.mid", csv=csv))) == 4
    )  # strangers need no place
    ingest.overrides[:] = ["data.labels=[Bach, Cage]"]
    with pytest.raises(
        EarmarkError, match=r"the label Byrd is not among data\.labels \(Bach, Cage, …\)"
    ) as caught:
        ingest(csv=csv)
    assert "data.merge={Bach: [Byrd]} puts it under another" in str(caught.value)
    ingest.overrides.append("data.merge={Cage: [Byrd]}")
    assert catalog_of(ingest(csv=csv), "label")["b.mid"]["label"] == "Cage"


CONFIDENT = (
    "path,label,key_confidence,mode_confidence\n"
    "sure.mid,A,1,0.9\nedge.mid,A,0.75,1\nunsure.mid,A,0.9,0.2\nsilent.mid,A,,\nodd.mid,A,yes,1\nmany.mid,A,90,90\n"
)
NAMES = ("sure.mid", "edge.mid", "unsure.mid", "silent.mid", "odd.mid", "many.mid")


def test_labels_that_are_not_sure_enough_are_left_out_and_said(ingest):
    ingest.overrides.append("data.min_confidence=0.75")
    workspace = ingest(*NAMES, csv=CONFIDENT)
    assert set(catalog_of(workspace)) == {"sure.mid", "silent.mid"}  # above it; what states none is sure
    failures = read_table(workspace.data / "failures" / "ingest.csv").set_index("path").reason
    assert failures["edge.mid"] == "its label's confidence is 0.75, not above data.min_confidence=0.75"
    assert failures["unsure.mid"] == "its label's confidence is 0.2, not above data.min_confidence=0.75"
    assert failures["odd.mid"] == "its label's confidence is not a number from 0 to 1"
    assert failures["many.mid"] == "its label's confidence is not a number from 0 to 1"
    assert {path.name for path in workspace.raw.iterdir()} == set(read_table(workspace.catalog).raw)


def test_confidence_does_not_matter_unless_asked_for(ingest):
    assert set(catalog_of(ingest(*NAMES, csv=CONFIDENT))) == set(NAMES)


def test_a_label_to_be_merged_that_no_piece_has_is_said(ingest):
    ingest.overrides.append("data.merge={Bach: [Bahc]}")
    with pytest.raises(
        EarmarkError, match=r"data\.merge: no piece has the label Bahc \(there are Bach, Byrd"
    ):
        ingest("Bach/1.mid", "Byrd/1.mid")
