"""The coordinator: hands out tasks and is the only one that writes."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from taller.catalog import Catalog
from taller.docker_state import EngineError
from taller.grading import leftovers
from taller.grading.backends import LokyPool, Lost, Pool, answers
from taller.grading.gradebook import write_result
from taller.grading.identity import identity_of
from taller.grading.ledger import Ledger, ledger_url
from taller.grading.lock import alone
from taller.grading.prepare import Preparation, Prepared, results_path
from taller.grading.sandbox import require_bubblewrap
from taller.grading.seal import publish_sealed, require_whole
from taller.grading.submissions import Submission, collect
from taller.grading.task import Task, verdict_on
from taller.grading.verdicts import no_verdict
from taller.grading.writing import writing_to
from taller.result import Result

EXIT_INFRASTRUCTURE = 3

OnVerdict = Callable[[Result, int], None]
Works = Pool[Task | Result, Result]


@dataclass(frozen=True)
class Options:
    """How to grade.

    Attributes:
        jobs: submissions at a time; by default one on this machine, two for each thread of a
            cluster.
        only: ids of the exercises to grade; all when empty.
        timeout: processor seconds for each notebook; None for each exercise's own.
        force: grade also what has not changed since its last verdict.
        scheduler: address of a dask cluster's scheduler; empty for this machine.
        gradebook: address of a shared ledger; empty for OUT's own.
        confined: whether answers run in a sandbox.
        exports: names of the import files to write.
    """

    jobs: int | None = None
    only: frozenset[str] = frozenset()
    timeout: float | None = None
    force: bool = False
    scheduler: str = ""
    gradebook: str = ""
    confined: bool = True
    exports: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Summary:
    """How many submissions there are of each status, and how many of them were run now.

    ``strays`` counts who handed in something that is not graded.
    """

    statuses: Counter[str]
    run: int
    strays: int = 0

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
        submitted: holds ``<student>/**/*.ipynb``.
        output: gets all that is published, and the ledger.
        options: how.
        on_verdict: called with each new result and the number of submissions that were not
            graded yet when the run began.

    Raises:
        SandboxUnavailable: this machine cannot isolate answers.
        EngineError: Docker does not answer.
        TallerError: there is nothing to grade, another grader is at work in the same OUT, the
            ledger cannot be used or lost rows, OUT cannot be written to, or the cluster is gone.
    """
    class_ = collect(submitted, catalog, options.only, output)
    found = class_.submissions
    if options.confined and not options.scheduler:
        require_bubblewrap()
    url = ledger_url(output, options.gradebook)
    with writing_to(output), alone(output), Ledger(url) as ledger:
        require_whole(output, ledger)
        identity = identity_of(output)
        namespaces = {identity.namespace(one.student, one.exercise.id) for one in found}
        clear = partial(leftovers.clear, identity.run, namespaces)
        clear()
        preparation = Preparation(catalog, identity, options.timeout)
        grader = _Grader(output, ledger, preparation, options, clear)
        new = found if options.force else [one for one in found if grader.is_new(one)]
        # The longest first: at the end no worker waits for one that has just begun.
        pending = sorted(new, key=lambda one: -one.exercise.time_limit_s)
        for result in grader.verdicts(pending) if pending else ():
            on_verdict(result, len(pending))
        publish_sealed(output, catalog, ledger, class_.students, options.exports, class_.strays)
        summary = Summary(grader.statuses(found), len(pending), len(class_.strays))
        _clear_at_the_end(clear, summary)
        return summary


def _clear_at_the_end(clear: Callable[[], object], summary: Summary) -> None:
    try:
        clear()
    except EngineError:
        if not summary.statuses["infra_error"]:
            raise
        # It went away and took verdicts with it: the run that is due for them clears as well.


class _Grader:
    def __init__(
        self, output: Path, ledger: Ledger, preparation: Preparation, options: Options,
        clear: Callable[[], object],
    ) -> None:  # fmt: skip
        self._output = output
        self._ledger = ledger
        self._preparation = preparation
        self._options = options
        self._clear = clear

    def is_new(self, submission: Submission) -> bool:
        """Whether it has no verdict yet, or one that no longer says what it would say now."""
        last = self._ledger.latest(submission.student, submission.exercise.id)
        if last is None or last.key != self._preparation.prepare(submission).key:
            return True
        result = last.verdict()
        if not results_path(self._output, result).is_file():
            write_result(self._output, result)
        return result.status == "infra_error"

    def verdicts(self, submissions: Sequence[Submission]) -> Iterator[Result]:
        """Grade submissions, and record each verdict as it comes."""
        with self._pool() as pool:
            for (submission, prepared), answer in answers(pool, self._work(submissions)):
                result = _lost(submission, answer) if isinstance(answer, Lost) else answer
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

    def _work(
        self, submissions: Sequence[Submission]
    ) -> Iterator[tuple[tuple[Submission, Prepared], Task | Result]]:
        for submission in submissions:
            prepared = self._preparation.prepare(submission)
            work = prepared.work
            if isinstance(work, Task) and not self._options.confined:
                work = replace(work, confined=False)
            yield (submission, prepared), work

    def _pool(self) -> Works:
        options = self._options
        if not options.scheduler:
            return LokyPool(verdict_on, options.jobs or 1, self._clear)
        from taller.grading.cluster import DaskPool

        return DaskPool(
            options.scheduler, options.jobs, self._preparation.versions, confined=options.confined
        )


def _lost(submission: Submission, lost: Lost) -> Result:
    result = no_verdict(submission.exercise, lost.reason)
    return replace(result, student=submission.student)
