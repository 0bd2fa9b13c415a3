"""Terraform's diagnostics, shown at the student's own cell and line."""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from taller.lab.causes import likely_cause
from taller.lab.cells import CellMap
from taller.lab.errors import LabError, bold, dim
from taller.terraform import Diagnostic, StateLocked, TerraformError

_CONTEXT_LINES = 2


class Locator:
    """Finds the cell and the source lines of a diagnostic."""

    def __init__(self, folder: Path, cells: CellMap) -> None:
        self._folder = folder
        self._cells = cells

    def explain(self, diagnostic: Diagnostic) -> str:
        """One diagnostic in full: place, lines, Terraform's words, likely cause."""
        parts = [self._place(diagnostic), *self._snippet(diagnostic), *_words(diagnostic)]
        cause = likely_cause(diagnostic)
        if cause:
            parts.append(f"Causa probable: {cause}")
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
    return [f"{diagnostic.summary}. {diagnostic.detail}".strip().removesuffix(".")]


def lab_error(error: TerraformError, locator: Locator) -> LabError:
    """The error as the student sees it."""
    if isinstance(error, StateLocked):
        return LabError(error.message, error.suggestion)
    errors = [d for d in error.diagnostics if d.severity == "error"]
    return LabError(
        f"terraform {error.command}: {_count(errors)}",
        error.suggestion or "Corrige la celda indicada, ejecútala y repite esta.",
        details=_explained(errors, locator),
    )


def syntax_error(name: PurePosixPath, problems: Sequence[Diagnostic], locator: Locator) -> LabError:
    """HCL that cannot be read, right when its cell is run."""
    return LabError(
        f"«{name}» está guardado, pero no es HCL válido: {_count(problems)}",
        "Corrige esa línea y ejecuta la celda otra vez; a veces el descuido está en la anterior.",
        details=_explained(problems, locator),
    )


def _explained(diagnostics: Iterable[Diagnostic], locator: Locator) -> str:
    return "\n\n".join(dict.fromkeys(locator.explain(d) for d in diagnostics))


def _count(diagnostics: Sequence[Diagnostic]) -> str:
    return "un error" if len(diagnostics) == 1 else f"{len(diagnostics)} errores"
