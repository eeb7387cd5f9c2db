"""An identifier under the limits of a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from earmark.foundation.deadline import Deadline, check_deadline, working_until
from earmark.foundation.errors import PieceError
from earmark.identify.admission import Admission
from earmark.identify.identifier import Identifier
from earmark.identify.inputs import Target
from earmark.identify.limits import Limits
from earmark.identify.verdict import Verdict
from earmark.music.midi.smf import read
from earmark.music.recipe import Recipe
from earmark.music.recordings.expected import expected
from earmark.music.recordings.formats import format_of

WARMING_S, RATE_HZ = 12, 22_050  # of the sound that warms up


class LimitedIdentifier:
    """Identifies files for clients of a server.

    Attributes:
        identifier: Of the model.
        limits: What is taken.
        admission: Who comes in.
    """

    def __init__(self, identifier: Identifier, limits: Limits) -> None:
        """Put an identifier under limits.

        Args:
            identifier: Of the model; it is not changed.
            limits: What is taken.
        """
        self.limits = limits
        self.admission = Admission(limits)
        self._unlimited_s = identifier.recipe.max_s
        self.identifier = Identifier(identifier.bundle, Path())
        self.identifier.recipe = _cut(identifier.recipe, limits.max_sound_s)

    def warm_up(self) -> None:
        """Load what the first file would load, on a scale of sines."""
        pitch = np.floor(np.arange(WARMING_S * RATE_HZ) / RATE_HZ * 4) % 12
        phase = np.cumsum(2 * np.pi * 220 * 2 ** (pitch / 12) / RATE_HZ)
        self.identifier.identify_array(0.5 * np.sin(phase), RATE_HZ)

    @contextmanager
    def at_work(self, deadline: Deadline) -> Iterator[None]:
        """Wait for a turn, and work until the deadline.

        Raises:
            DeadlineError: The deadline passes before the turn comes, or during the work.
        """
        with self.admission.turn(deadline), working_until(deadline):
            yield

    def identify(self, target: Target) -> Verdict:
        """Identify a file, within `at_work`.

        Args:
            target: The file.

        Returns:
            The verdict; where the file cannot be heard, its `error` says why.

        Raises:
            OverLimitError: It is larger, longer or fuller than is taken.
            DeadlineError: The deadline has passed.
            EarmarkError: No file can be heard, for example because FluidSynth is missing.
        """
        self.check(target.file)
        return self.identifier.identify(target)

    def check(self, file: Path) -> None:
        """Refuse a file that is over a limit, before it is decoded or played.

        How long a recording lasts is what its header says; what lasts longer all the same is cut off.

        Raises:
            OverLimitError: It is.
        """
        check_deadline()
        with suppress(PieceError, OSError):  # what else is wrong with it is said when it is heard
            size = file.stat().st_size
            self.limits.check_bytes(size)
            form = format_of(file)
            if form and form.media == "midi":
                self.limits.check_midi_bytes(size)
                events = read(file)
                self.limits.check_midi_events(len(events))
                self._check_sound(float(events.time_s.max(initial=0.0)))
            elif whole := expected(file, form):
                self._check_sound(whole.duration_s)

    def _check_sound(self, duration_s: float) -> None:
        longest_s = self._unlimited_s
        self.limits.check_sound(min(duration_s, longest_s) if longest_s else duration_s)


def _cut(recipe: Recipe, longest_s: float) -> Recipe:
    """A recipe that hears no more than `longest_s` seconds of a file; 0 for no limit."""
    render = recipe.settings.render
    if not longest_s or 0 < render.max_seconds <= longest_s:
        return recipe
    settings = replace(recipe.settings, render=replace(render, max_seconds=longest_s))
    return replace(recipe, settings=settings)
