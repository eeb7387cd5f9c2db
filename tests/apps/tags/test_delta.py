"""The old bytes come back from the new ones, and the delta for it is short."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.apps.tags.delta import applied, delta


def noise(size, seed=0):
    return random.Random(seed).randbytes(size)


SOUND = noise(300_000)
CASES = {
    "equal": (SOUND, SOUND),
    "put in front": (SOUND, noise(500, 1) + SOUND),
    "put at the end": (SOUND, SOUND + noise(500, 1)),
    "put into": (SOUND, SOUND[:1000] + noise(70_000, 1) + SOUND[1000:]),
    "taken out": (SOUND[:1000] + noise(700, 1) + SOUND[1000:], SOUND),
    "moved": (SOUND, SOUND[200_000:] + SOUND[:200_000]),
    "padding eaten": (b"head" + bytes(8192) + SOUND, b"head" + noise(60, 1) + bytes(8132) + SOUND),
    "padding gone": (b"head" + bytes(8192) + SOUND, b"head" + SOUND),
    "numbers changed all over": (
        b"".join(b"page%6d" % page + SOUND[page : page + 4000] for page in range(0, 100_000, 4000)),
        b"".join(b"page%6d" % (page + 1) + SOUND[page : page + 4000] for page in range(0, 100_000, 4000)),
    ),
    "short": (b"ab", b"xabx"),
    "from nothing": (noise(100, 1), b""),
    "to nothing": (b"", SOUND),
}


@pytest.mark.parametrize("case", CASES)
def test_it_comes_back(case):
    old, new = CASES[case]
    steps = json.loads(json.dumps(delta(old, new)))
    assert b"".join(applied(steps, new)) == old
    assert len(json.dumps(steps)) < 4000


@given(
    old=st.binary(max_size=2000),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 200), st.binary(max_size=200)), max_size=12),
    seed=st.integers(0, 9),
)
@settings(deadline=None, max_examples=60)
def test_it_comes_back_whatever_was_done(old, edits, seed):
    """edits: where in the file, how many bytes are taken out there, what is put in."""
    old = old + noise(3000, seed) + old
    new = bytearray(old)
    for share, size, content in edits:
        place = round(share * len(new))
        new[place : place + size] = content
    assert b"".join(applied(delta(old, bytes(new)), bytes(new))) == old


@pytest.mark.parametrize("steps", [[[0, 9]], [[-1, 2]], [[0, -2]], [[1]], [3], ["!"], ["YWJj"], [None]])
def test_a_delta_for_another_file_is_refused(steps):
    with pytest.raises(ValueError):  # noqa: PT011  (base64, too, has its own words)
        list(applied(steps, b"12345"))


def test_a_large_file_takes_no_longer_than_reading_it():
    """Pieces are compared where they lie: each of 64 KiB, and not a copy of all that follows."""

    class Watched(bytes):
        read = 0

        def __getitem__(self, place):
            part = super().__getitem__(place)
            Watched.read += len(part)
            return part

    old = Watched(noise(8_000_000))
    assert delta(old, noise(500, 1) + old) == [[500, len(old)]]
    assert Watched.read < 1.1 * len(old)
