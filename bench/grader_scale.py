"""Grade a big class of ej01 for real, and again unchanged: rate, memory of the coordinator, time.

    python bench/grader_scale.py [--students 1000] [--jobs 2] [--synthetic]

A thousand submissions take about half an hour on two cores. With ``--synthetic`` the verdicts are
written into the ledger without being found, which leaves the unchanged run to be measured.
Everything is in a temporary folder.
"""

import argparse
import copy
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from taller.builder.wrong import read_wrong
from taller.catalog import Catalog, load_catalog
from taller.grading.identity import identity_of
from taller.grading.ledger import Ledger
from taller.grading.prepare import Preparation
from taller.grading.submissions import collect
from taller.grading.verdicts import without_run

EXERCISE = "ej01"
PART = 100
"""Submissions whose rate is compared: the first and the last so many."""
_MEGABYTE = 2**20
_SAMPLE_SECONDS = 0.5

Json = dict[str, Any]


@dataclass
class Run:
    """One run of ``taller grade``: when each verdict came, and the coordinator's memory (MiB)."""

    seconds: float = 0.0
    verdicts: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def rate(self, part: slice) -> float:
        """Submissions a minute in a part of the verdicts."""
        times = self.verdicts[part]
        return 60 * (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0


def notebooks(catalog: Catalog) -> Iterator[bytes]:
    """Without end: the solution and the wrong answers, each with a comment of its own."""
    exercise = catalog.exercise(EXERCISE)
    solution: Json = json.loads(catalog.solution(exercise).read_text("utf-8"))
    wrong = [one.submission(solution) for one in read_wrong(exercise, solution)]
    number = 0
    while True:
        for tree in (solution, *wrong):
            number += 1
            yield json.dumps(_signed(tree, number)).encode()


def _signed(tree: Json, number: int) -> Json:
    own = copy.deepcopy(tree)
    for cell in own["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "main_tf":
            source = cell["source"]
            text = source if isinstance(source, str) else "".join(source)
            cell["source"] = f"{text}\n# entrega {number}\n"
    return own


def hand_in(catalog: Catalog, folder: Path, students: int) -> None:
    """Write a class's submissions."""
    name = catalog.exercise(EXERCISE).name
    for number, content in zip(range(students), notebooks(catalog), strict=False):
        path = folder / f"estudiante{number:04}" / EXERCISE / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)


def pretend(catalog: Catalog, submitted: Path, output: Path) -> None:
    """Put a verdict on each submission into the ledger."""
    output.mkdir(parents=True)
    preparation = Preparation(catalog, identity_of(output), None)
    exercise = catalog.exercise(EXERCISE)
    with Ledger(output / "ledger.db") as ledger:
        for one in collect(submitted, catalog).submissions:
            verdict = without_run(exercise, "graded", "Un mensaje cualquiera de la comprobación.")
            verdict = replace(verdict, student=one.student, versions=preparation.versions)
            ledger.record(preparation.prepare(one).key, verdict)


def grade(submitted: Path, output: Path, *options: str) -> Run:
    """Run the grader, and watch it."""
    command = [sys.executable, "-m", "taller", "grade", str(submitted), "-o", str(output)]
    began, run = time.monotonic(), Run()
    process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)
    watcher = Thread(target=_sample, args=(process, run))
    watcher.start()
    for line in process.stderr or ():
        if line.startswith("["):
            run.verdicts.append(time.monotonic() - began)
    if process.wait() != 0:
        raise SystemExit(f"taller grade ended with {process.returncode}")
    watcher.join()
    run.seconds = time.monotonic() - began
    return run


def _sample(process: "subprocess.Popen[str]", run: Run) -> None:
    """Note the coordinator's own memory, from its first verdict on."""
    coordinator = psutil.Process(process.pid)
    while process.poll() is None:
        if run.verdicts:
            run.memory.append(coordinator.memory_info().rss / _MEGABYTE)
        time.sleep(_SAMPLE_SECONDS)


def figures(first: Run | None, again: Run, students: int) -> Iterator[tuple[str, str]]:
    """What to print."""
    if first:
        part = min(PART, students // 2)
        start, end = first.rate(slice(0, part)), first.rate(slice(-part, None))
        yield f"{students} graded", f"{first.seconds:.0f} s"
        yield f"first {part}, a minute", f"{start:.1f}"
        yield f"last {part}, a minute", f"{end:.1f} ({100 * (end / start - 1):+.1f} %)"
        yield "coordinator at the first verdict", f"{first.memory[0]:.0f} MiB"
        yield "coordinator at most", f"{max(first.memory):.0f} MiB"
    yield f"{students} again, unchanged", f"{again.seconds:.1f} s"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--synthetic", action="store_true")
    options = parser.parse_args()
    catalog = load_catalog()
    table = Table("what", "figure")
    with TemporaryDirectory(prefix="taller-bench-") as name:
        submitted, output = Path(name, "submitted"), Path(name, "out")
        hand_in(catalog, submitted, options.students)
        first = None
        if options.synthetic:
            pretend(catalog, submitted, output)
            grade(submitted, output)  # publishes for the first time
        else:
            first = grade(submitted, output, "--jobs", str(options.jobs))
        again = grade(submitted, output)
        for row in figures(first, again, options.students):
            table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
