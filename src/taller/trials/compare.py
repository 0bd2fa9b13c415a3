"""What the lab says of an answer, beside what the grader says: check by check, the same."""

import json
import re
import secrets
import string
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed

from taller.builder.wrong import read_wrong
from taller.catalog import Catalog, Exercise
from taller.grading.grade import Options, grade_all
from taller.result import Result
from taller.trials.case import read_cases
from taller.trials.in_the_lab import run_in_lab

Json = dict[str, Any]

_LETTERS = 5
_GRADERS_PREFIX = re.compile(r'(?<![\w/])dev(?=_|-|\\?")')


@dataclass(frozen=True)
class Answer:
    """One answer to compare.

    Attributes:
        name: unique among those that are compared together; it becomes a student's name.
        exercise: whose answer it is.
        notebook: what the student has.
        fails: ids of the checks that it is meant to fail.
    """

    name: str
    exercise: Exercise
    notebook: Json
    fails: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Compared:
    """An answer with its two verdicts; the lab's has the visible checks only."""

    answer: Answer
    lab: Result
    grader: Result

    @property
    def differences(self) -> list[str]:
        """In which of the visible checks they do not agree, and what each of the two says."""
        graded = {check.id: check for check in self.grader.checks}
        return [
            f"{check.id}: lab {_said(check)} · grade {_said(graded[check.id])}"
            for check in self.lab.checks
            if check.passed != graded[check.id].passed
        ]


def _said(check: Any) -> str:
    return "✓" if check.passed else f"✗ {check.message}"


def all_answers(catalog: Catalog, corpus: Path) -> Iterator[Answer]:
    """Every solution, every unusual right answer of a corpus, and every wrong answer.

    Args:
        catalog: the exercises.
        corpus: a folder with ``unusual`` and ``wrong`` below it.
    """
    solutions = {
        exercise.id: json.loads(catalog.solution(exercise).read_text("utf-8"))
        for exercise in catalog.exercises
    }
    for exercise in catalog.exercises:
        solution = solutions[exercise.id]
        yield Answer(f"solution-{exercise.id}", exercise, solution)
        for wrong in read_wrong(exercise, solution):
            name = f"wrong-{exercise.id}-{wrong.name}"
            yield Answer(name, exercise, wrong.submission(solution), wrong.fails)
    for group in ("unusual", "wrong"):
        for case in read_cases(corpus / group, catalog, solutions):
            notebook = case.notebook(solutions[case.exercise.id])
            if case.status == "graded":
                name = f"{group}-{case.name}".replace("_", "-")
                yield Answer(name, case.exercise, notebook, case.fails or frozenset())


def one_for_each_check(answers: Iterable[Answer]) -> list[Answer]:
    """The right answers, and of the wrong ones as few as fail each check at least once."""
    chosen, covered = [], set[tuple[str, str]]()
    for answer in sorted(answers, key=lambda one: len(one.fails)):
        failed = {(answer.exercise.id, check) for check in answer.fails}
        if not failed or not failed <= covered:
            chosen.append(answer)
            covered |= failed
    return chosen


def compare(
    catalog: Catalog, answers: list[Answer], jobs: int, on_verdict: Callable[[Result, int], None]
) -> list[Compared]:
    """Run answers both ways.

    Args:
        catalog: the exercises.
        answers: with names of their own.
        jobs: how many at a time.
        on_verdict: called with each of the grader's results and the number of answers.

    Raises:
        TallerError: a notebook came to no card, or the grader cannot work.
    """
    with tempfile.TemporaryDirectory(prefix="taller-compare-") as scratch:
        folder = Path(scratch)
        graded = _graded(catalog, answers, folder, Options(jobs), on_verdict)
        # In processes: nbclient wants to be the main thread's.
        seen = Parallel(n_jobs=jobs)(delayed(_in_lab)(folder, answer) for answer in answers)
    return [
        Compared(answer, lab, graded[answer.name])
        for answer, lab in zip(answers, seen, strict=True)
    ]


def _graded(
    catalog: Catalog, answers: list[Answer], folder: Path, options: Options,
    on_verdict: Callable[[Result, int], None],
) -> Mapping[str, Result]:  # fmt: skip
    submitted, output = folder / "submitted", folder / "out"
    for answer in answers:
        path = submitted / answer.name / f"{answer.exercise.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(answer.notebook, ensure_ascii=False), "utf-8")
    grade_all(catalog, submitted, output, options, on_verdict)
    return {
        answer.name: Result.from_dict(
            json.loads(
                (output / "results" / answer.name / f"{answer.exercise.id}.json").read_text("utf-8")
            )
        )
        for answer in answers
    }


def _in_lab(folder: Path, answer: Answer) -> Result:
    """Run as a student whose prefix is not ``dev``: two run at a time, and on a real engine.

    An answer that says ``dev`` by hand, as one may with that prefix, says the student's.
    """
    own = folder / "lab" / answer.name
    own.mkdir(parents=True)
    prefix = "".join(secrets.choice(string.ascii_lowercase) for _ in range(_LETTERS))
    text = _GRADERS_PREFIX.sub(prefix, json.dumps(answer.notebook, ensure_ascii=False))
    return run_in_lab(json.loads(text), prefix, own)
