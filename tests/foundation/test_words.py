"""Numbers and paths as people read them."""

from pathlib import Path

import pytest

from earmark.foundation.words import fixed, shown


@pytest.mark.parametrize(
    ("value", "digits", "text"), [(0.12345, 3, "0.123"), (1.0, 2, "1.00"), (None, 3, "–"), (-0.5, 0, "-0")]
)
def test_a_number_has_its_decimals_and_nothing_is_a_dash(value, digits, text):
    assert fixed(value, digits) == text


def test_a_path_is_short_below_its_base_alone():
    assert shown(Path("/a/b/c"), Path("/a")) == "b/c"
    assert shown(Path("/x/c"), Path("/a")) == "/x/c"
