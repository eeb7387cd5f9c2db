"""Options that may stand without a value."""

import pytest

from earmark.apps.commands.boxed_options import completed


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Music --key", "Music --key key"),
        ("Music --key --genre --write", "Music --key key --genre genre --write"),
        ("Music --composer models/ --write", "Music --composer models/ --write"),
        ("Music --key=keys/", "Music --key=keys/"),
        ("--undo log.jsonl", "--undo log.jsonl"),
    ],
)
def test_without_a_value_they_mean_the_bundle_of_their_name(typed, meant):
    assert completed(typed.split()) == meant.split()
