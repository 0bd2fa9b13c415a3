"""Every solution, executed from top to bottom as CI does it."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from taller import process
from taller.catalog import Catalog, Exercise, load_catalog
from taller.clean import clean
from taller.demo.platform import Platform
from taller.progress import Progress, Update
from taller.workspace import check_prefix, repository

_AT_ONCE = 2
_SECONDS = 600
_SHAPE_THE_RESULT = ("src", "infra", "Dockerfile", "requirements-image.lock")


@dataclass(frozen=True)
class Ran:
    """One solution's run.

    Attributes:
        exercise: whose solution it is.
        seconds: what the run took, the last one when it was skipped.
        failure: the last line of what went wrong, or "".
        skipped: nothing changed since it last passed.
    """

    exercise: Exercise
    seconds: float
    failure: str = ""
    skipped: bool = False


def run_solutions(platform: Platform, progress: Progress) -> list[Ran]:
    """Execute the solutions that changed since they last passed; none where there are none."""
    catalog = load_catalog()
    solved = [each for each in catalog.exercises if catalog.solution(each).is_file()]
    if not solved:
        return []
    record = platform.workspace.private / "solutions.json"
    passed = json.loads(record.read_text("utf-8")) if record.is_file() else {}
    with progress.step(f"soluciones: {len(solved)} notebooks con papermill") as update:
        run = partial(_run_one, catalog, platform, passed, update)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            ran = list(pool.map(run, solved))
    record.write_text(json.dumps(dict(_passed(catalog, ran)), indent=1), "utf-8")
    return ran


def _passed(catalog: Catalog, ran: list[Ran]) -> Iterator[tuple[str, dict[str, str | float]]]:
    for one in ran:
        if not one.failure:
            yield one.exercise.id, {
                "digest": _digest(catalog.solution(one.exercise)), "seconds": one.seconds
            }  # fmt: skip


def _run_one(
    catalog: Catalog,
    platform: Platform,
    passed: dict[str, dict[str, str | float]],
    update: Update,
    exercise: Exercise,
) -> Ran:
    notebook = catalog.solution(exercise)
    before = passed.get(exercise.id, {})
    if before.get("digest") == _digest(notebook):
        return Ran(exercise, float(before["seconds"]), skipped=True)
    update(exercise.name)
    prefix = f"{platform.workspace.prefix}-{exercise.id}"  # the platform's names are taken
    check_prefix(prefix)
    output = platform.workspace.folder / "report" / notebook.name
    done = process.run(
        [sys.executable, "-m", "papermill", str(notebook), str(output), "-p", "prefix", prefix,
         "-k", "python3", "--no-progress-bar", "--cwd", str(output.parent)],
        timeout=_SECONDS, env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    if done.returncode == 0:
        return Ran(exercise, done.seconds)
    clean(prefix)  # the notebook's own last cell was not reached
    return Ran(exercise, done.seconds, (done.stderr.strip().splitlines() or ["sin mensaje"])[-1])


def _digest(notebook: Path) -> str:
    """What a solution's result depends on: itself, the workshop's code and the infrastructure."""
    root = repository()
    parts = (root / name for name in _SHAPE_THE_RESULT)
    files = [file for part in parts for file in (sorted(part.rglob("*")) or [part])]
    digest = hashlib.sha256(notebook.read_bytes())
    for file in files:
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(file.read_bytes())
    return digest.hexdigest()
