"""A label more: where its prototype lies, and what stays as it was."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from earmark.bundle import FILES, Bundle
from earmark.decisions.rejection import Rejection
from earmark.decisions.vote import FittedVote
from earmark.foundation.errors import EarmarkError
from earmark.identify.enroll import EnrolledPiece, enrolled, recognised


@pytest.fixture
def pieces(bundle):
    """Three pieces around a point far from all prototypes, of 1, 2 and 3 clips."""
    size = bundle.embeddings.shape[1]
    random = np.random.default_rng(0)
    return [
        EnrolledPiece(
            title=f"Piece {count}",
            content=b"bytes %d" % count,
            clips=(50 + random.standard_normal((count, size))).astype(np.float32),
            starts_s=3.0 * np.arange(count),
        )
        for count in (1, 2, 3)
    ]


def test_the_prototype_is_the_mean_of_the_pieces_means_not_of_the_clips(bundle, pieces):
    made = enrolled(bundle, "Cedar", pieces)
    assert made.labels == ["Ash", "Birch", "Cedar"]
    means = np.stack([piece.clips.mean(axis=0) for piece in pieces])
    np.testing.assert_allclose(made.decision.prototypes[2], means.mean(axis=0), rtol=1e-6)
    assert made.decision.predict(pieces[0].clips).label == "Cedar"


def test_all_else_is_kept(bundle, pieces):
    made = enrolled(bundle, "Cedar", pieces)
    assert (made.decision.prototypes[:2] == bundle.decision.prototypes).all()
    assert (made.decision.whitening == bundle.decision.whitening).all()
    assert made.decision.temperature == bundle.decision.temperature
    assert made.decision.rejection == bundle.decision.rejection
    assert made.weights is bundle.weights
    assert made.settings == bundle.settings
    for name, column in bundle.references.items():
        assert list(made.references[name][: len(column)]) == list(column)
    assert bundle.labels == ["Ash", "Birch"]


def test_references_say_which_piece_and_where_with_embeddings(bundle, pieces):
    made = enrolled(bundle, "Cedar", pieces)
    rows = pd.DataFrame(made.references).query("label == 'Cedar'")
    assert sorted(rows.title.value_counts().to_dict().items()) == [
        ("Piece 1", 1),
        ("Piece 2", 2),
        ("Piece 3", 3),
    ]
    assert list(rows[rows.title == "Piece 3"].start_s) == [0.0, 3.0, 6.0]
    for piece in pieces:
        assert (made.embeddings[rows.index[rows.title == piece.title]] == piece.clips).all()
    assert rows.piece_id.str.fullmatch(r"cedar-piece-\d-[0-9a-f]{8}").all()


def test_the_same_pieces_in_any_order_give_the_same_bytes(bundle, pieces, tmp_path):
    enrolled(bundle, "Cedar", pieces).save(tmp_path / "one")
    enrolled(bundle, "Cedar", [*pieces[::-1], pieces[0]]).save(tmp_path / "other")
    for name in ("bundle.yaml", *FILES):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
    again = Bundle.load(tmp_path / "one")
    assert again.labels == ["Ash", "Birch", "Cedar"]
    assert again.decision.predict(pieces[1].clips).label == "Cedar"


def test_a_label_is_replaced_only_if_asked(bundle, pieces):
    with pytest.raises(EarmarkError, match="Ash is a label of this bundle already: --replace"):
        enrolled(bundle, "Ash", pieces)
    made = enrolled(bundle, "Ash", pieces, replacing=True)
    assert made.labels == ["Ash", "Birch"]
    assert (made.decision.prototypes[1] == bundle.decision.prototypes[1]).all()
    label, title = made.references["label"], made.references["title"]
    assert set(title[label == "Ash"]) == {"Piece 1", "Piece 2", "Piece 3"}
    assert list(title[label == "Birch"]) == ["Three", "Three", "Four"]
    assert len(made.embeddings) == len(label) == 9


@pytest.mark.parametrize("label", ["", " ", " Cedar", "unknown"])
def test_what_is_no_label(bundle, pieces, label):
    with pytest.raises(EarmarkError, match="label"):
        enrolled(bundle, label, pieces)


def test_no_pieces_and_no_room(bundle, pieces):
    with pytest.raises(EarmarkError, match="no piece to enroll Cedar from"):
        enrolled(bundle, "Cedar", [])
    voting = replace(bundle, decision=FittedVote(["Ash", "Birch"], 1.0, False, 0.0, Rejection()))
    with pytest.raises(EarmarkError, match="decides by vote: its scores have no room for a new label"):
        enrolled(voting, "Cedar", pieces)


def test_each_piece_is_judged_by_the_others(bundle, pieces):
    assert recognised(bundle, "Cedar", pieces) == 3
    stray = replace(pieces[0], clips=bundle.decision.prototypes[:1], content=b"stray")
    assert recognised(bundle, "Cedar", [*pieces, stray]) == 3


def test_a_further_column_of_the_references_stays(bundle, pieces):
    works = np.repeat("work", len(bundle.embeddings))
    made = enrolled(
        replace(bundle, references={**bundle.references, "group": works}), "Cedar", pieces
    ).references
    assert list(made) == [*bundle.references, "group"]
    assert set(made["group"][made["label"] == "Cedar"]) == {""}
    assert set(made["group"][made["label"] != "Cedar"]) == {"work"}
