"""Which cell wrote which file, so that an error is shown where the student can mend it."""

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Cell:
    """A ``%%hcl`` cell that was run.

    Attributes:
        number: what Jupyter shows in brackets beside the cell.
        first_line: the cell's own line (1-based) that became line 1 of the file.
        digest: of the text that it saved.
    """

    number: int
    first_line: int
    digest: str

    def place(self, line: int) -> str:
        """A line of the file, as a place in the notebook."""
        return f"celda [{self.number}], línea {line + self.first_line - 1}"


class CellMap:
    """The newest cell of each file, of this kernel; an earlier kernel's cells are not known."""

    def __init__(self) -> None:
        self._cells: dict[PurePosixPath, Cell] = {}

    def record(self, name: PurePosixPath, number: int, first_line: int, text: str) -> None:
        """Remember that a cell has written a file."""
        self._cells[name] = Cell(number, first_line, digest(text))

    def forget(self, name: PurePosixPath) -> None:
        """The file is no longer there."""
        self._cells.pop(name, None)

    def clear(self) -> None:
        """No file is there any longer."""
        self._cells.clear()

    def cell(self, name: PurePosixPath, text: str) -> Cell | None:
        """The cell that wrote exactly this text into the file, if it was run by this kernel."""
        cell = self._cells.get(name)
        return cell if cell is not None and cell.digest == digest(text) else None

    def written(self, name: PurePosixPath) -> Cell | None:
        """The newest cell that wrote the file, whatever happened to the file since."""
        return self._cells.get(name)


def digest(text: str) -> str:
    """A short fingerprint of a text."""
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


def offset_of_body(raw_cell: str) -> int:
    """The line (1-based) of a cell at which the text below its ``%%`` line begins."""
    lines = raw_cell.splitlines()
    magic = next((n for n, line in enumerate(lines, 1) if line.startswith("%%")), 0)
    return magic + 1
