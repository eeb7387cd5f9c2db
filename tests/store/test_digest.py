"""SHA-256 of settings."""

from pathlib import Path

from earmark.store.digest import digest_settings


def test_the_order_of_settings_does_not_matter_and_every_value_does():
    settings = {"rate": 44100, "gain": 0.2, "inner": {"a": 1, "b": [1, 2]}, "path": Path("x")}
    turned = {"path": Path("x"), "inner": {"b": [1, 2], "a": 1}, "gain": 0.2, "rate": 44100}
    assert digest_settings(settings) == digest_settings(turned)
    others = [
        {**settings, "rate": 44101},
        {**settings, "rate": "44100"},
        {**settings, "gain": None},
        {**settings, "inner": {"a": 1, "b": [2, 1]}},
        {**settings, "path": Path("y")},
        {key: value for key, value in settings.items() if key != "rate"},
    ]
    assert len({digest_settings(other) for other in [settings, *others]}) == len(others) + 1


def test_a_digest_of_settings_is_the_same_in_a_fresh_process(python):
    process = python("from earmark.store.digest import *; print(digest_settings({'b': 'é', 'a': 0.1}))")
    assert process.communicate()[0].strip() == digest_settings({"a": 0.1, "b": "é"})
