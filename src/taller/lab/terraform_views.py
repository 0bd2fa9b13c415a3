"""What validate, test and other commands of Terraform say."""

from collections.abc import Callable
from dataclasses import dataclass

from taller.lab.errors import plain
from taller.lab.shown import Shown, columns_of_text
from taller.terraform import Diagnostic, TestReport, TestRun, Validation

_MARKS = {"pass": ("✓", "good"), "fail": ("✗", "bad"), "error": ("✗", "bad"), "skip": ("·", "soft")}


class ValidationView(Shown):
    """The verdict of ``terraform validate``."""

    template = "validation.html"

    def __init__(self, verdict: Validation, explained: list[str]) -> None:
        self.valid = verdict.valid
        self.diagnostics = verdict.diagnostics
        self.explained = explained

    @property
    def headline(self) -> str:
        """The verdict in one sentence."""
        if self.valid:
            return "La configuración es válida."
        return "La configuración todavía no es válida."

    def text(self) -> str:
        """The verdict and its reasons."""
        mark = "✓" if self.valid else "✗"
        return plain("\n\n".join([f"{mark} {self.headline}", *self.explained]))


class TestView(Shown):
    """The runs of ``terraform test``."""

    __test__ = False  # pytest would collect it by its name
    template = "test.html"

    def __init__(self, report: TestReport, explain: Callable[[Diagnostic], str]) -> None:
        self.passed = report.passed
        self.runs = report.runs
        self.rows = [_row(run, explain) for run in report.runs]
        self.explained = [explain(d) for d in report.diagnostics if not report.runs]

    @property
    def headline(self) -> str:
        """How many passed."""
        good = sum(run.status == "pass" for run in self.runs)
        return f"terraform test: {good} de {len(self.runs)} pasan."

    def text(self) -> str:
        """One run a line."""
        rows = [[mark, file, name] for mark, _, file, name, _ in self.rows]
        reasons = [why for *_, why in self.rows if why]
        lines = [self.headline, *columns_of_text(("",) * 3, rows)[1:], *reasons, *self.explained]
        return plain("\n".join(lines))


def _row(run: TestRun, explain: Callable[[Diagnostic], str]) -> tuple[str, str, str, str, str]:
    why = "\n".join(explain(d) for d in run.diagnostics if d.severity == "error")
    return (*_MARKS[run.status], run.file, run.name, why)


@dataclass(frozen=True, repr=False)
class CommandOutput(Shown):
    """What any other command printed."""

    template = "text.html"

    command: str
    returncode: int
    stdout: str
    stderr: str

    @property
    def body(self) -> str:
        """Both streams without colours, and what another exit code than 0 says."""
        parts = [part.rstrip() for part in (self.stdout, self.stderr) if part.strip()]
        if "-detailed-exitcode" in self.command and self.returncode in (0, 2):
            means = "hay cambios" if self.returncode else "no hay cambios"
            parts.append(f"→ código de salida {self.returncode}: {means}")
        return plain("\n".join(parts))

    def text(self) -> str:
        """Both streams."""
        return self.body
