"""Further renderings: drawn by piece and seed, heard where the pieces' notes are read, refused settings."""

from dataclasses import replace

import pytest

from earmark.music.recipe import Recipe
from earmark.music.renderings import RenderingsSettings, rendering, rendering_names

NOTES = {"_target_": "earmark.features.notes.HeardNotes", "notes_of": "file"}
PIECES = [f"{number:064x}" for number in range(60)]


def settings(**changed):
    return RenderingsSettings(
        **{"count": 2, "seconds": 5.0, "instruments": "any", "soundfonts": [], "room_share": 0.5, "seed": 0}
        | changed
    )


@pytest.fixture
def recipe(hearing, tmp_path):
    return Recipe(replace(hearing, features=NOTES), [tmp_path])


def drawn(recipe, given, number=1):
    return [rendering(recipe, given, piece, number).settings.render for piece in PIECES]


def test_names_are_of_the_piece_and_numbered():
    assert rendering_names("bach-1", settings()) == ["bach-1~1", "bach-1~2"]
    assert rendering_names("bach-1", settings(count=0)) == []


def test_equal_pieces_and_seeds_draw_alike_and_others_differ(recipe):
    assert drawn(recipe, settings()) == drawn(recipe, settings())
    assert drawn(recipe, settings()) != drawn(recipe, settings(seed=1))
    assert drawn(recipe, settings()) != drawn(recipe, settings(), number=2)


def test_shares_are_about_those_of_the_settings(recipe):
    renders = drawn(recipe, settings(room_share=0.25, soundfonts=["a.sf2", "b.sf2"]))
    assert sum(render.reverb for render in renders) == pytest.approx(15, abs=9)
    for name, values in (("instruments", {"original", "piano"}), ("soundfont", {"a.sf2", "b.sf2"})):
        assert {getattr(render, name) for render in renders} == values
    assert {render.max_seconds for render in renders} == {5.0}


def test_a_rendering_is_heard_where_the_notes_of_pieces_are_read(recipe):
    assert recipe.reads_notes("midi")
    assert not recipe.reads_notes("audio")
    assert not rendering(recipe, settings(), PIECES[0], 1).reads_notes("midi")


def test_the_pieces_recipe_stays_as_it_was(recipe):
    before = recipe.settings.render
    rendering(recipe, settings(instruments="piano"), PIECES[0], 1)
    assert (recipe.settings.render, recipe.settings.features) == (before, NOTES)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"count": -1}, "count=-1"),
        ({"seconds": 0.0}, "seconds=0"),
        ({"instruments": "organ"}, "instruments=organ is none of original, piano, any"),
        ({"room_share": 1.5}, "room_share=1.5"),
    ],
)
def test_what_cannot_work_is_refused(changed, words):
    with pytest.raises(ValueError, match=words):
        settings(**changed).check()
