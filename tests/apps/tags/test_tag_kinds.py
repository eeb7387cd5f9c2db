"""Names of fields as programs spell them, and values that say nothing."""

import pytest

from earmark.apps.tags.tag_kinds import filled, kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(
            (name, "key")
            for name in ("KEY", "InitialKey", "INITIAL KEY", "initial_key", "Initial-Key", "TKEY")
        ),
        *((name, "genre") for name in ("GENRE", "Genre", "genre")),
        *((name, "composer") for name in ("COMPOSER", "Composer")),
        *((name, None) for name in ("KEYWORDS", "MUSICBRAINZ_TRACKID", "COMPOSERSORT", "key signature", "")),
    ],
)
def test_a_field_is_known_by_its_name(name, kind):
    assert kind_of(name) == kind


def test_values_that_say_nothing_do_not_count():
    nothing = ("", "  ", "Unknown", "<Unknown>", "(unknown genre)", "UNKNOWN")
    pairs = [
        *(("genre", value) for value in nothing),
        ("genre", "Unknown Pleasures"),
        ("key", "o"),
        (None, "x"),
    ]
    assert filled(pairs) == {"genre": ["Unknown Pleasures"], "key": ["o"]}


def test_a_tempo_of_nothing_does_not_count():
    assert filled([("bpm", "0"), ("bpm", "0.00"), ("bpm", "120.5"), (kind_of("Beats per minute"), "99")]) == {
        "bpm": ["120.5", "99"]
    }
