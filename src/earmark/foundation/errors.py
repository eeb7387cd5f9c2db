"""The errors that a user can cause. Each is one line: what, where, how to mend."""


class EarmarkError(Exception):
    """A user's mistake or a missing prerequisite; shown as one line, never as a traceback."""

    def __str__(self) -> str:
        """The message on one line."""
        return " ".join(super().__str__().split())


class PieceError(EarmarkError):
    """This one piece cannot be used; the stage records the reason and goes on with the others."""


def describe(error: BaseException) -> str:
    """One line for any exception: the message of an EarmarkError, else the type and its message."""
    if isinstance(error, EarmarkError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where}"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
