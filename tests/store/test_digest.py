"""SHA-256 of files and settings."""

import hashlib
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from earmark.store.digest import digest_file, digest_settings

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SETTINGS = st.dictionaries(st.text(), VALUES, max_size=4)


def turned(value):
    """The same settings, keys in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(item) for key, item in reversed(value.items())}
    return [turned(item) for item in value] if isinstance(value, list) else value


@settings(deadline=None, max_examples=50)
@given(SETTINGS)
def test_the_order_of_settings_does_not_matter(node):
    assert digest_settings(turned(node)) == digest_settings(node)


@settings(deadline=None, max_examples=50)
@given(SETTINGS, SETTINGS)
def test_every_value_does(one, other):
    assume(repr(turned(one)) != repr(turned(other)) and one != other)
    assert digest_settings(one) != digest_settings(other)


def test_a_value_s_type_and_place_matter():
    node = {"rate": 44100, "gain": 0.2, "inner": {"a": 1, "b": [1, 2]}, "path": Path("x")}
    others = [
        {**node, "rate": "44100"},
        {**node, "rate": 44100.0},
        {**node, "gain": None},
        {**node, "inner": {"a": 1, "b": [2, 1]}},
        {**node, "path": Path("y")},
        {key: value for key, value in node.items() if key != "rate"},
    ]
    assert len({digest_settings(other) for other in [node, *others]}) == len(others) + 1


def test_a_digest_of_settings_is_the_same_in_a_fresh_process(python):
    process = python("from earmark.store.digest import *; print(digest_settings({'b': 'é', 'a': 0.1}))")
    assert process.communicate()[0].strip() == digest_settings({"a": 0.1, "b": "é"})


def test_a_file_s_digest_is_that_of_its_bytes(tmp_path):
    content = bytes(range(256)) * 10_000
    (tmp_path / "a").write_bytes(content)
    assert digest_file(tmp_path / "a") == hashlib.sha256(content).hexdigest()
