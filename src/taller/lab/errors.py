"""What a notebook shows instead of a traceback."""

import re
import textwrap

from taller.errors import TallerError

_DIM, _BOLD, _RESET = "\x1b[2m", "\x1b[1m", "\x1b[0m"
"""No colours: Jupyter already paints errors, dark or light, and red on red is hard to read."""

_WIDTH = 92
_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[()][0-9A-Za-z]|[@-Z\\^_])?"
)
"""Escape codes of every kind (ECMA-48): a container's log may hold any."""


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
        lines = [bold(line) for line in f"✗ {self.message}".splitlines()]
        if self.details:
            lines += ["", *self.details.splitlines()]
        if self.suggestion:
            lines += ["", bold(f"→ {self.suggestion}")]
        return lines

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: these lines are shown in the place of a traceback."""
        return [part for line in self._lines() for part in _wrapped(line)]


class LabInterrupted(LabError):
    """The stop button ended a call; Terraform finished what it was doing and saved the state."""


class CheckFailed(LabError, AssertionError):
    """A check that the notebook asked for did not pass."""


class NoSuchKey(LabError, KeyError):
    """What was asked for by its name is not there."""


def _wrapped(line: str) -> list[str]:
    """Lines that fit into a cell: JupyterLab would break them in the middle of a word."""
    if line.startswith(" ") or "│" in line or len(line) <= _WIDTH:  # code, and Terraform's layout
        return [line]
    return textwrap.wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False)


def dim(text: str) -> str:
    """The text in a quieter shade, where that is shown."""
    return f"{_DIM}{text}{_RESET}"


def bold(text: str) -> str:
    """The text in bold, where that is shown."""
    return f"{_BOLD}{text}{_RESET}"


def plain(text: str) -> str:
    """The text without such marks."""
    return _ANSI.sub("", text)
