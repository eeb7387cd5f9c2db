"""The file of embeddings between the stages train and evaluate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.decisions.embeddings import PieceEmbeddings
from earmark.foundation.errors import EarmarkError


def embeddings_of(counts, dimensions=3, seed=0):
    random = np.random.default_rng(seed)
    clips = [random.standard_normal((count, dimensions)).astype(np.float32) for count in counts]
    return PieceEmbeddings(clips, [np.sort(random.uniform(0, 300, count)) for count in counts])


@settings(deadline=None, max_examples=25)
@given(counts=st.lists(st.integers(1, 5), min_size=1, max_size=6), dimensions=st.integers(1, 4))
def test_what_is_loaded_was_saved_and_is_saved_again_to_the_byte(tmp_path_factory, counts, dimensions):
    folder = tmp_path_factory.mktemp("embeddings")
    saved = embeddings_of(counts, dimensions)
    saved.save(folder / "one.safetensors")
    loaded = PieceEmbeddings.load(folder / "one.safetensors", len(counts))
    loaded.save(folder / "two.safetensors")
    assert (folder / "one.safetensors").read_bytes() == (folder / "two.safetensors").read_bytes()
    for name in ("clips", "starts_s"):
        for one, other in zip(getattr(saved, name), getattr(loaded, name), strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype


def test_rows_are_of_the_pieces_asked_for_in_their_order():
    embeddings = embeddings_of([1, 2, 3])
    rows = embeddings.rows(np.array([2, 0]))
    assert [len(clips) for clips in rows.clips] == [len(starts_s) for starts_s in rows.starts_s] == [3, 1]
    np.testing.assert_array_equal(rows.clips[0], embeddings.clips[2])


def test_those_of_other_pieces_follow(tmp_path):
    both = embeddings_of([1, 2]).followed_by(embeddings_of([3]))
    both.save(tmp_path / "both.safetensors")
    kept = PieceEmbeddings.load(tmp_path / "both.safetensors", 3)
    assert [len(clips) for clips in kept.clips] == [len(starts_s) for starts_s in kept.starts_s] == [1, 2, 3]
    np.testing.assert_array_equal(kept.clips[2], embeddings_of([3]).clips[0])


@pytest.mark.parametrize("pieces", [2, 4])
def test_a_file_of_another_number_of_pieces_is_refused(tmp_path, pieces):
    file = tmp_path / "embeddings.safetensors"
    embeddings_of([1, 2, 3]).save(file)
    with pytest.raises(EarmarkError, match=f"is of 3 pieces, not of {pieces}: run dvc repro train"):
        PieceEmbeddings.load(file, pieces)


@pytest.mark.parametrize("content", [None, b"", b"no safetensors", "other arrays"])
def test_a_file_that_cannot_be_read_is_named_in_one_line(tmp_path, content):
    from safetensors.numpy import save_file

    file = tmp_path / "embeddings.safetensors"
    if content == "other arrays":
        save_file({"clips": np.zeros((3, 2), np.float32)}, file)
    elif content is not None:
        file.write_bytes(content)
    with pytest.raises(
        EarmarkError, match=r"embeddings\.safetensors cannot be read: run dvc repro train"
    ) as error:
        PieceEmbeddings.load(file, 3)
    assert "\n" not in str(error.value)


def test_a_failed_save_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "embeddings.safetensors"
    embeddings_of([1, 2]).save(file)
    before = file.read_bytes()
    with pytest.raises(ValueError, match="dimension"):
        PieceEmbeddings([np.zeros((1, 2)), np.zeros((1, 3))], [np.zeros(1), np.zeros(1)]).save(file)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
