"""What is not fit to learn from is in quarantine, with stage and reason."""

import json

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import COLUMNS, QUARANTINE_COLUMNS, read_table
from earmark.pipeline.validate import run
from earmark.store.records import read_records


@pytest.fixture
def revalidate(project, finished, small, tmp_path):
    """Validate what `finished` rendered under other limits."""

    def validated(*overrides):
        workspace = Workspace.at(project, tmp_path)
        workspace.data.mkdir()
        for name in ("catalog.csv", "audio.csv", "raw", "audio", "failures"):
            (workspace.data / name).symlink_to(finished.workspace.data / name)
        run(small("store.path=store1", *overrides), workspace)
        return workspace

    return validated


def test_the_quarantine_says_stage_and_reason(finished):
    quarantine = read_table(finished.workspace.quarantine)
    assert list(quarantine.columns) == QUARANTINE_COLUMNS
    found = quarantine.set_index("path")
    assert found.stage.to_dict() == {
        "Cedar/lost.mid": "ingest",
        "Cedar/broken.mid": "render",
        "Birch/silent.wav": "validate",
        "Ash/twin.mid": "validate",
        "Birch/twin.mid": "validate",
    }
    assert found.reason["Birch/silent.wav"].startswith("silent: ")
    assert found.reason["Ash/twin.mid"] == "the same music as Birch/twin.mid of Birch"
    assert found.reason["Birch/twin.mid"] == "the same music as Ash/twin.mid of Ash"


def test_the_screen_says_so_too(finished):
    said = finished.lines["validate"] + [
        line for key, lines in finished.lines.items() if key[:2] == "  " for line in lines
    ]
    assert any("22 sound pieces" in line and "5 in quarantine" in line for line in said)
    assert any("Birch/silent.wav: silent" in line for line in said)


def test_sound_pieces_keep_their_columns_and_have_a_length(finished):
    pieces = read_table(finished.workspace.pieces)
    assert list(pieces.columns) == [*COLUMNS, "duration_s", "warning"]
    assert pieces.duration_s.astype(float).between(11.9, 13.1).all()


def test_what_is_not_heard_of_a_piece_is_told(finished):
    warnings = read_table(finished.workspace.pieces).set_index("path").warning
    warned = warnings[warnings != ""]
    assert warned.index.tolist() == ["Cedar/1.mid"]
    assert warned.item().endswith("has 8 bytes after its end, which are not played")
    said = [line for lines in finished.lines.values() for line in lines]
    assert any(f"not all of Cedar/1.mid is heard: {warned.item()}" in line for line in said)


def test_there_are_facts_of_sound_pieces_alone(finished):
    pieces = read_table(finished.workspace.pieces)
    facts = {path.stem: json.loads(path.read_text()) for path in finished.workspace.facts.iterdir()}
    assert set(facts) == set(pieces.piece_id)
    assert read_records(finished.workspace.facts_table) == facts
    for piece in pieces.itertuples():
        assert facts[piece.piece_id]["encoded"]["log_duration"] > 2
        assert ("notes" in facts[piece.piece_id]) == (piece.media == "midi")


def test_a_label_that_has_lost_too_many_works_is_left_out_where_asked(finished, revalidate):
    """Birch has five works and a twin that is refused; Ash and Cedar have as many."""
    before = read_table(finished.workspace.pieces)
    workspace = revalidate("data.min_works=6")
    after, quarantine = read_table(workspace.pieces), read_table(workspace.quarantine)
    assert set(before.role) == {"known", "unknown-calibration", "unknown-test"}
    assert set(after.role) == {"unknown-calibration", "unknown-test"}
    gone = quarantine[~quarantine.path.isin(read_table(finished.workspace.quarantine).path)]
    assert set(gone.path) == set(before.path) - set(after.path)
    assert set(gone.reason) == {"its label has too few works left: 5, and data.min_works=6"}
    facts = {path.stem for path in workspace.facts.iterdir()}
    assert facts == set(after.piece_id) == set(read_records(workspace.facts_table))


def test_limits_decide(revalidate):
    workspace = revalidate("validate.min_duration_s=12.5")
    refused = read_table(workspace.quarantine).set_index("path").reason
    assert "less than validate.min_duration_s=12.5" in refused["Ash/5.wav"]
    assert "Ash/1.mid" not in refused
    assert "Ash/5.wav" not in set(read_table(workspace.pieces).path)


def test_nothing_left_is_one_line_that_says_where_the_reasons_are(revalidate, tmp_path):
    with pytest.raises(EarmarkError, match=r"no piece is left to learn from: .*quarantine\.csv says why"):
        revalidate("validate.min_duration_s=100")
    assert len(read_table(tmp_path / "data" / "quarantine.csv")) == 27
