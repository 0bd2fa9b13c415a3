"""What a ``%%hcl`` cell says after it has saved its file."""

import difflib
from pathlib import PurePosixPath

from taller.lab.shown import Shown


class Saved(Shown):
    """A file that was saved: its name, what fmt would write differently, and remarks."""

    template = "saved.html"

    def __init__(self, name: PurePosixPath, text: str, formatted: str, remarks: list[str]) -> None:
        self.name = name
        self.lines = len(text.splitlines())
        self.remarks = remarks
        self.diff = "" if formatted == text else _diff(text, formatted)

    def text(self) -> str:
        """One line, or a few."""
        style = ["  (terraform fmt lo escribiría con otros espacios: lab.fmt())"] * bool(self.diff)
        count = f"{self.lines} línea{'' if self.lines == 1 else 's'}"
        return "\n".join([f"✓ {self.name} guardado ({count})", *style, *self._remarks()])

    def _remarks(self) -> list[str]:
        return [f"  {remark}" for remark in self.remarks]


def _diff(text: str, formatted: str) -> str:
    lines = difflib.unified_diff(
        text.splitlines(), formatted.splitlines(), "tuyo", "fmt", n=1, lineterm=""
    )
    return "\n".join(list(lines)[2:])
