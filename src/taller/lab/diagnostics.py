"""Terraform's diagnostics, shown at the student's own cell and line."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from taller.lab.cells import CellMap
from taller.lab.errors import LabError, bold, dim, plain
from taller.lab.owner import owner_of_taken
from taller.terraform import Diagnostic, StateLocked, TerraformError
from taller.terraform.causes import likely_cause, roots, source_at

_CONTEXT_LINES = 2
_NOT_THERE = re.compile(
    "undeclared|Failed to query available provider|Missing required|No value for|"
    "Unreadable module|Unsupported attribute|Unsupported argument"
)
"""What Terraform says of something that another cell would have declared."""


class Locator:
    """Finds the cell and the source lines of a diagnostic."""

    def __init__(self, folder: Path, cells: CellMap) -> None:
        self._folder = folder
        self._cells = cells

    def explain(self, diagnostic: Diagnostic) -> str:
        """One diagnostic in full: place, lines, Terraform's words, likely cause."""
        parts = [self._place(diagnostic), *self._snippet(diagnostic), *_words(diagnostic)]
        owner = owner_of_taken(diagnostic, self._folder)
        cause = "" if owner else self._cause(diagnostic)
        parts += [owner, f"Causa probable: {cause}" if cause else ""]
        return "\n".join(part for part in parts if part)

    def roots(self, found: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Of diagnostics that follow from each other, only the one to mend."""
        kept = roots(found, lambda file: self._source(file)[1])
        once = {(d.file, d.line, self._cause(d) or d): d for d in reversed(kept)}
        return list(reversed(once.values()))

    def _cause(self, diagnostic: Diagnostic) -> str:
        text = self._source(diagnostic.file)[1] if diagnostic.file else ""
        return likely_cause(diagnostic, source_at(text, diagnostic.line), self._folder_texts)

    def _folder_texts(self, name: PurePosixPath) -> list[str]:
        """The text of each file that Terraform reads in a folder of the workspace."""
        folder = self._folder / name
        inside = folder.resolve().is_relative_to(self._folder.resolve())
        return [
            file.read_text("utf-8", "replace")
            for file in sorted(folder.glob("*.tf") if inside else ())
        ]

    def refusal(self, diagnostic: Diagnostic) -> str:
        """A rule's own words at its place; they say what to write instead."""
        parts = [self._place(diagnostic), *self._snippet(diagnostic), diagnostic.summary]
        return "\n".join(part for part in parts if part)

    def _place(self, diagnostic: Diagnostic) -> str:
        if diagnostic.file is None:
            return diagnostic.address or ""
        if Path(diagnostic.file).is_absolute() and diagnostic.file.endswith(".tfvars.json"):
            return "un valor dado en la llamada"  # the file in which python-terraform carries them
        line = diagnostic.line or 1
        name, text = self._source(diagnostic.file)
        cell = self._cells.cell(name, text)
        file = f"{name}:{line}"
        about = f" · {diagnostic.address}" if diagnostic.address else ""
        if cell is None or not cell.number:
            return f"{file}{about}"
        return f"{cell.place(line)} ({file}){about}"

    def _snippet(self, diagnostic: Diagnostic) -> list[str]:
        if diagnostic.file is None or diagnostic.line is None:
            return []
        lines = self._source(diagnostic.file)[1].splitlines()
        first = max(diagnostic.line - _CONTEXT_LINES, 1)
        shown = lines[first - 1 : diagnostic.line + _CONTEXT_LINES]
        return [_numbered(n, line, n == diagnostic.line) for n, line in enumerate(shown, first)]

    def _source(self, file: str) -> tuple[PurePosixPath, str]:
        name = PurePosixPath(file)
        path = self._folder / name
        return name, path.read_text("utf-8", "replace") if path.is_file() else ""


def _numbered(number: int, line: str, faulty: bool) -> str:
    text = f"{'→' if faulty else ' '} {number:>3} │ {line}"
    return bold(text) if faulty else dim(text)


def _words(diagnostic: Diagnostic) -> list[str]:
    return [plain(f"{diagnostic.summary}. {diagnostic.detail}").strip().removesuffix(".")]


def lab_error(error: TerraformError, locator: Locator, skipped: str | None = None) -> LabError:
    """The error as the student sees it.

    Args:
        error: what Terraform said.
        locator: finds the student's cells.
        skipped: a file whose cell should have been run before.
    """
    if isinstance(error, StateLocked):
        return LabError(error.message, error.suggestion)
    errors = locator.roots(d for d in error.diagnostics if d.severity == "error")
    advice = error.suggestion or "Corrige la celda indicada, ejecútala y repite esta."
    if skipped and any(_NOT_THERE.search(d.summary) for d in errors):
        advice = (
            f"¿Te has saltado la celda que empieza por «%%hcl {skipped}»? Ejecútala y repite esta."
        )
    return LabError(
        f"terraform {error.command}: {_count(errors)}",
        advice,
        details=_explained(errors, locator),
    )


def syntax_error(name: PurePosixPath, problems: Sequence[Diagnostic], locator: Locator) -> LabError:
    """HCL that cannot be read, right when its cell is run."""
    return LabError(
        f"«{name}» está guardado, pero no es HCL válido",
        "Corrige esa línea y ejecuta la celda otra vez; a veces el descuido está en la anterior.",
        details=_explained(locator.roots(problems), locator),
    )


def _explained(diagnostics: Iterable[Diagnostic], locator: Locator) -> str:
    return "\n\n".join(dict.fromkeys(locator.explain(d) for d in diagnostics))


def _count(diagnostics: Sequence[Diagnostic]) -> str:
    return "un error" if len(diagnostics) == 1 else f"{len(diagnostics)} errores"
