"""What a notebook shows instead of a traceback."""

import re

from taller.errors import TallerError

_RED, _DIM, _BOLD, _RESET = "\x1b[31m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class LabError(TallerError):
    """A failure that the student reads in the cell: what, where, the likely cause, what to do.

    Attributes:
        details: further paragraphs, such as Terraform's own words with the student's line.
    """

    def __init__(self, message: str, suggestion: str = "", *, details: str = "") -> None:
        super().__init__(message, suggestion)
        self.details = details

    def __str__(self) -> str:
        return plain("\n".join(self._lines()))

    def _lines(self) -> list[str]:
        lines = [f"{_RED}{_BOLD}✗ {self.message}{_RESET}"]
        if self.details:
            lines += ["", *self.details.splitlines()]
        if self.suggestion:
            lines += ["", f"{_BOLD}→ {self.suggestion}{_RESET}"]
        return lines

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: these lines are shown in the place of a traceback."""
        return self._lines()


class LabInterrupted(LabError):
    """The stop button ended a call; Terraform finished what it was doing and saved the state."""


class CheckFailed(LabError, AssertionError):
    """A check that the notebook asked for did not pass."""


def dim(text: str) -> str:
    """The text in a quieter colour, where colours are shown."""
    return f"{_DIM}{text}{_RESET}"


def red(text: str) -> str:
    """The text in the colour of errors, where colours are shown."""
    return f"{_RED}{text}{_RESET}"


def plain(text: str) -> str:
    """The text without colours."""
    return _ANSI.sub("", text)
