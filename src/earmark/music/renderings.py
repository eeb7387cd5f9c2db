"""Further renderings of a MIDI piece: other ways in which it may sound, to learn from.

A model that has heard every piece in one way takes other sounds for strangers. Each further rendering plays
the beginning of a piece with instruments, a soundfont and a room that are drawn by the piece and a seed. They
serve training, validation and calibration; what is tested is the piece as the recipe has it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from earmark.foundation.contracts import NotesFrontEnd
from earmark.music.catalog import RENDERING_MARK
from earmark.music.recipe import Recipe

INSTRUMENTS = ("original", "piano", "any")


@dataclass
class RenderingsSettings:
    """Further renderings of each MIDI piece; see conf/renderings/.

    Attributes:
        count: How many; 0 for none.
        seconds: Seconds of the piece that are played.
        instruments: `original`, `piano`, or `any` of the two, drawn.
        soundfonts: Of which one is drawn for each rendering; empty for the recipe's.
        room_share: Share of the renderings that are played in a room (FluidSynth's reverb), 0 to 1.
        seed: Of what is drawn.
    """

    count: int
    seconds: float
    instruments: str
    soundfonts: list[str]
    room_share: float
    seed: int

    def check(self) -> None:
        """Check the settings. Raises ValueError where they cannot work; the message names one."""
        if self.count < 0 or self.seconds <= 0:
            raise ValueError(
                f"renderings.count={self.count} must be 0 or more and seconds={self.seconds:g} above 0"
            )
        if self.instruments not in INSTRUMENTS:
            raise ValueError(f"renderings.instruments={self.instruments} is none of {', '.join(INSTRUMENTS)}")
        if not 0 <= self.room_share <= 1:
            raise ValueError(f"renderings.room_share={self.room_share:g} must lie within 0 and 1")


def rendering_names(piece_id: str, settings: RenderingsSettings) -> list[str]:
    """Names of the further renderings of a piece, in their order."""
    return [f"{piece_id}{RENDERING_MARK}{number}" for number in range(1, settings.count + 1)]


def rendering(recipe: Recipe, settings: RenderingsSettings, piece_sha256: str, number: int) -> Recipe:
    """Return the recipe of a further rendering.

    Args:
        recipe: Of the pieces.
        settings: What is drawn from.
        piece_sha256: Digest of the MIDI file: by it and the seed the rendering is drawn.
        number: Of the rendering, from 1.
    """
    digest = hashlib.sha256(f"{settings.seed} {number} {piece_sha256}".encode()).digest()
    random = np.random.default_rng(int.from_bytes(digest[:8], "little"))
    instruments = settings.instruments
    if instruments == "any":
        instruments = str(random.choice(["original", "piano"]))
    render = replace(
        recipe.settings.render,
        instruments=instruments,
        soundfont=str(random.choice(settings.soundfonts or [recipe.settings.render.soundfont])),
        reverb=bool(random.random() < settings.room_share),
        max_seconds=settings.seconds,
    )
    features = dict(recipe.settings.features)
    if isinstance(recipe.front_end, NotesFrontEnd):
        features["notes_of"] = "sound"  # a rendering is there to be heard
    hearing = replace(recipe.settings, render=render, features=features, soundfont_sha256="")
    return Recipe(hearing, recipe.places)
