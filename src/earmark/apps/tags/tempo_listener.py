"""Tempo of files as a tag: a verdict like that of a model, *unknown* where no pulse is clear."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from earmark.decisions.rejection import UNKNOWN
from earmark.foundation.errors import EarmarkError, PieceError, describe
from earmark.foundation.orphan import end_with
from earmark.identify.inputs import Target
from earmark.identify.listen import WORTH_PROCESSES
from earmark.identify.verdict import Verdict

CLEAR = (
    0.3  # clarity of a pulse above which its tempo is told: see `earmark.identify.describe.tempo.pulse_of`
)


class TempoListener:
    """Hears how fast files are, as an identifier hears what they are.

    Tempo is one number a file: where it changes, the one that fits most of it. It may be half or twice what a
    dancer counts; even beats of more than about 170 a minute come as half as many.
    """

    def identify_all(self, music: Sequence[Target], workers: int = 0) -> Iterator[Verdict]:
        """Hear files, in parallel where they are many.

        Args:
            music: The files.
            workers: Processes; 0 for one per core.

        Yields:
            Of each file, in their order, a verdict whose label is a whole number of beats a minute, and whose
            confidence is the clarity of the pulse.
        """
        if workers == 1 or (workers == 0 and len(music) < WORTH_PROCESSES):
            yield from map(tempo_verdict, music)
            return
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=workers or -1, return_as="generator", pre_dispatch="2*n_jobs")
        tasks = (delayed(_in_worker)(os.getpid(), target) for target in music)
        yield from cast("Iterator[Verdict]", parallel(tasks))


def tempo_verdict(target: Target) -> Verdict:
    """The tempo of one file.

    Args:
        target: The file.

    Returns:
        Its label is `unknown` where there is no pulse or none is clear; where the file cannot be heard, its
        `error` says why.

    Raises:
        EarmarkError: No file can be heard.
    """
    from earmark.identify.describe.sound import write_sound
    from earmark.identify.describe.tempo import pulse_of_passages
    from earmark.music.recordings.passages import Passages

    try:
        with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
            wav = Path(folder) / "sound.wav"
            unheard = write_sound(target.file, wav)
            passages = Passages.of(wav)
            pulse = pulse_of_passages((passage.waveform for passage in passages), passages.rate_hz)
    except PieceError as error:
        return Verdict(target.name, error=str(error))
    except EarmarkError:
        raise
    except Exception as error:  # an unforeseen fault of one file is that file's error
        return Verdict(target.name, error=describe(error))
    if pulse is None:
        return Verdict(target.name, UNKNOWN, "", unheard=unheard)
    beats = str(round(pulse.tempo_bpm))
    label = beats if pulse.clarity >= CLEAR else UNKNOWN
    return Verdict(target.name, label, beats, pulse.clarity, unheard=unheard)


def _in_worker(parent: int, target: Target) -> Verdict:
    end_with(parent)
    return tempo_verdict(target)
