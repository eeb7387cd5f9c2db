"""`earmark tag --undo LOG`: restore every file that a log names."""

from __future__ import annotations

from pathlib import Path

from earmark.apps.commands.tag_outcome import (
    Done,
    complain,
    count,
    interrupted,
    signals_as_interrupt,
)
from earmark.foundation.errors import PieceError
from earmark.foundation.words import printable


def undo_log(path: Path) -> int:
    """Restore the files that a log names, the last one first.

    Args:
        path: The log.

    Returns:
        The exit status.

    Raises:
        EarmarkError: It is no log.
    """
    from earmark.apps.tags.log import read_log
    from earmark.apps.tags.rewrite import take_back

    entries, cut = read_log(path)
    done = Done()
    as_before = 0
    try:
        with signals_as_interrupt():
            for entry in reversed(entries):
                try:
                    if take_back(entry):
                        done.files += 1
                    else:
                        as_before += 1
                except PieceError as error:
                    complain(done, entry.path, str(error))
    except KeyboardInterrupt:
        interrupted(done)
    if cut:
        print(
            f"The last line of {printable(str(path))} is cut: the run was interrupted before it "
            "touched that file."
        )
    print(f"{count(done.files, 'file')} restored, {as_before} as before already.")
    return done.status or int(done.failed)
