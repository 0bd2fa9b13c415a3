"""Shows a class being graded: a bar in a terminal, a line for each verdict elsewhere."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from taller.result import Result

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_MINUTE = 60.0


class ClassProgress:
    """What was graded so far.

    Attributes:
        counts: results of this run by status.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._began = time.monotonic()

    def verdict(self, result: Result, total: int) -> None:
        """Show one more result of a run that has so many."""
        self.counts[result.status] += 1
        done = self.counts.total()
        print(f"[{done}/{total}] {_line(result)}", file=sys.stderr, flush=True)

    @property
    def news(self) -> str:
        """Rate and counts: ``31,5 por minuto · graded 12 · timeout 1``."""
        seconds = time.monotonic() - self._began
        rate = f"{self.counts.total() * _MINUTE / seconds:.1f}".replace(".", ",")
        counts = [f"{status} {count}" for status, count in sorted(self.counts.items())]
        return " · ".join([f"{rate} por minuto", *counts])


class _Bar(ClassProgress):
    def __init__(self, bar: "Progress", task: "TaskID") -> None:
        super().__init__()
        self._bar = bar
        self._task = task

    def verdict(self, result: Result, total: int) -> None:
        self.counts[result.status] += 1
        self._bar.update(
            self._task, completed=self.counts.total(), total=total, news=self.news, refresh=True
        )
        if result.status != "graded":
            self._bar.console.print(_line(result), markup=False, highlight=False)


@contextmanager
def class_progress() -> Iterator[ClassProgress]:
    """The one that fits standard error; a bar is gone when the context ends."""
    if not sys.stderr.isatty():
        yield ClassProgress()
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.SpinnerColumn(),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[news]}", markup=False),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, bar.add_task("", total=None, news="leyendo las entregas…"))


def _line(result: Result) -> str:
    score = "—" if result.score is None else f"{result.score}/{result.max_score}"
    return f"{result.student} {result.exercise} {result.status} {score} {result.duration_s:.1f} s"
