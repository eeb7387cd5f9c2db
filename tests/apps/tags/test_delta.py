"""The old bytes come back from the new ones, and the recipe for it is short."""

import json
import random

import pytest

from earmark.apps.tags.delta import applied, recipe


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
    steps = json.loads(json.dumps(recipe(old, new)))
    assert b"".join(applied(steps, new)) == old
    assert len(json.dumps(steps)) < 4000


@pytest.mark.parametrize("seed", range(20))
def test_it_comes_back_whatever_was_done(seed):
    chance = random.Random(seed)
    old = bytes(chance.choice(b"\0\0\0ab") for _ in range(3000)) + noise(3000, seed)
    new = bytearray(old)
    for _ in range(chance.randrange(1, 12)):
        place, size = chance.randrange(len(new)), chance.randrange(200)
        new[place : place + chance.choice([0, size])] = noise(chance.choice([0, size]), seed + 1)
    assert b"".join(applied(recipe(old, bytes(new)), bytes(new))) == old


@pytest.mark.parametrize("steps", [[[0, 9]], [[-1, 2]], [[0, -2]], [[1]], [3], ["!"], ["YWJj"], [None]])
def test_a_recipe_for_another_file_is_refused(steps):
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
    assert recipe(old, noise(500, 1) + old) == [[500, len(old)]]
    assert Watched.read < 1.1 * len(old)
