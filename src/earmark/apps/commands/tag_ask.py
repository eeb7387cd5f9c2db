"""`earmark tag --ask`: each tag is written when somebody says yes."""

from __future__ import annotations

from earmark.apps.tags.proposal import Proposal
from earmark.foundation.words import printable

ANSWERS = {"y": "yes", "n": "no", "a": "all that follow", "q": "quit"}


class Asker:
    """Asks for each tag, until *all* or *quit* is said.

    Attributes:
        quits: Whether nothing more is to be written or heard.
    """

    def __init__(self) -> None:
        self.quits = False
        self._all = False

    def accepted(self, name: str, proposed: Proposal) -> dict[str, list[str]]:
        """The tags of a file that somebody accepts.

        Args:
            name: The file's.
            proposed: What would be written into it.
        """
        return {
            kind: values
            for kind, values in proposed.new.items()
            if self._accepts(f"{printable(name)}: {kind}: {printable(proposed.said[kind])}")
        }

    def _accepts(self, what: str) -> bool:
        if self._all or self.quits:
            return self._all
        choices = ", ".join(f"{letter} {meaning}" for letter, meaning in ANSWERS.items())
        answer = ""
        while answer not in ANSWERS:
            try:
                answer = (input(f"{what}\n  write it? [{choices}] ").strip().lower() or "n")[:1]
            except EOFError:
                answer = "q"
        self._all, self.quits = answer == "a", answer == "q"
        return answer in "ya"
