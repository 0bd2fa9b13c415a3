"""The coordinator: hands out tasks and is the only one that writes."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from taller.catalog import Catalog
from taller.errors import TallerError
from taller.grading import leftovers
from taller.grading.gradebook import write_gradebook, write_result
from taller.grading.ledger import Ledger
from taller.grading.prepare import Preparation, Prepared, results_path
from taller.grading.sandbox import require_bubblewrap
from taller.grading.submissions import Submission, find_submissions, students
from taller.grading.task import Task, grade
from taller.locking import exclusive
from taller.result import Result

EXIT_INFRASTRUCTURE = 3

OnVerdict = Callable[[Result, int], None]


@dataclass(frozen=True)
class Options:
    """How to grade.

    Attributes:
        jobs: submissions at a time.
        only: ids of the exercises to grade; all when empty.
        timeout: processor seconds for each notebook; None for each exercise's own.
        force: grade also what has not changed since its last verdict.
    """

    jobs: int = 1
    only: frozenset[str] = frozenset()
    timeout: float | None = None
    force: bool = False


@dataclass(frozen=True)
class Summary:
    """How many submissions there are of each status, and how many of them were run now."""

    statuses: Counter[str]
    run: int

    @property
    def exit_code(self) -> int:
        """0 when every submission has a verdict, 3 when some have none."""
        return EXIT_INFRASTRUCTURE if self.statuses["infra_error"] else 0


def grade_all(
    catalog: Catalog, submitted: Path, output: Path, options: Options, on_verdict: OnVerdict
) -> Summary:
    """Grade a folder of submissions.

    Args:
        catalog: the exercises, with their whole rubrics.
        submitted: holds ``<student>/**/ejNN*.ipynb``.
        output: gets results, gradebook and ledger; graders of one output wait for each other.
        options: how.
        on_verdict: called with each new result and the number of submissions that were not
            graded yet when the run began.

    Raises:
        SandboxUnavailable: this machine cannot isolate answers.
        EngineError: Docker does not answer.
        TallerError: there is nothing to grade, or a worker was killed.
    """
    found = find_submissions(submitted, catalog, options.only)
    require_bubblewrap()
    output.mkdir(parents=True, exist_ok=True)
    run = leftovers.run_name(output)
    with exclusive(output / ".lock"), Ledger(output / "ledger.db") as ledger:
        leftovers.clear(run)
        grader = _Grader(output, ledger, Preparation(catalog, run, options.timeout))
        pending = found if options.force else [one for one in found if grader.is_new(one)]
        for result in grader.verdicts(pending, options.jobs):
            on_verdict(result, len(pending))
        standing = (row.verdict() for row in ledger.standing())
        write_gradebook(output, catalog, students(submitted), standing)
        leftovers.clear(run)
        return Summary(grader.statuses(found), len(pending))


class _Grader:
    def __init__(self, output: Path, ledger: Ledger, preparation: Preparation) -> None:
        self._output = output
        self._ledger = ledger
        self._preparation = preparation

    def is_new(self, submission: Submission) -> bool:
        """Whether it has no verdict yet, or one that no longer says what it would say now."""
        last = self._ledger.latest(submission.student, submission.exercise.id)
        if last is None or last.key != self._preparation.prepare(submission).key:
            return True
        result = last.verdict()
        if not results_path(self._output, result).is_file():
            write_result(self._output, result)
        return result.status == "infra_error"

    def verdicts(self, submissions: Sequence[Submission], jobs: int) -> Iterator[Result]:
        """Grade submissions, and record each verdict as it comes."""
        for prepared, result in _run(map(self._preparation.prepare, submissions), jobs):
            complete = replace(
                result, notebook_sha256=prepared.notebook_sha256,
                versions=self._preparation.versions,
            )  # fmt: skip
            recorded = self._ledger.record(prepared.key, complete)
            write_result(self._output, recorded)
            yield recorded

    def statuses(self, submissions: Sequence[Submission]) -> Counter[str]:
        """How many of these submissions stand at each status."""
        rows = (self._ledger.latest(one.student, one.exercise.id) for one in submissions)
        return Counter(row.verdict().status for row in rows if row)


def _run(work: Iterator[Prepared], jobs: int) -> Iterator[tuple[Prepared, Result]]:
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    parallel = joblib.Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")
    try:
        yield from parallel(joblib.delayed(_graded)(prepared) for prepared in work)
    except TerminatedWorkerError as error:
        raise TallerError(
            "El sistema terminó un proceso del calificador, quizá por falta de memoria.",
            "Lo calificado está guardado: repite el comando, con menos --jobs si vuelve a pasar.",
            exit_code=EXIT_INFRASTRUCTURE,
        ) from error


def _graded(prepared: Prepared) -> tuple[Prepared, Result]:
    work = prepared.work
    return prepared, grade(work) if isinstance(work, Task) else work
