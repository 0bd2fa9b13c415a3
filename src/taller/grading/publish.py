"""All that instructors, students and other tools read, made from the ledger.

What is already as it should be is not written again. Nothing is ever removed: a student whose
submission is gone still has verdicts in the ledger, hence pages; and what is not the ledger's
is not ours to remove. An import file that an earlier run wrote is kept up to date even when
nobody asks for it again, so that no old marks can be imported by mistake.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from taller.catalog import Catalog
from taller.grading.exports import EXPORTS
from taller.grading.gradebook import gradebook_csv, write_if_changed
from taller.grading.ledger import Adjustment, Ledger
from taller.grading.marks import Marks, mark, rubrics
from taller.grading.pages import Overview, feedback_page, report_page


def publish(
    output: Path,
    catalog: Catalog,
    ledger: Ledger,
    students: Iterable[str],
    exports: Collection[str] = (),
    strays: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> None:
    """Write what OUT shows of the ledger: marks, feedback, report and import files.

    Args:
        output: the folder.
        catalog: the exercises, with their whole rubrics.
        ledger: all verdicts and adjustments.
        students: who has a line even without a verdict.
        exports: names of the import files wanted besides; see ``EXPORTS``.
        strays: student, or nobody, to what was handed in and is not graded.
    """
    adjustments = ledger.adjustments()
    marks: Marks = {student: {} for student in students}
    overview = _publish_feedback(output, catalog, ledger, adjustments, marks)
    write_if_changed(output / "gradebook.csv", gradebook_csv(catalog, marks))
    report = report_page(catalog, marks, overview, adjustments, ledger.head(), strays)
    write_if_changed(output / "report.html", report)
    for name, export in EXPORTS.items():
        path = output / f"{name}.csv"
        if name in exports or path.is_file():
            write_if_changed(path, export(catalog, marks))


def _publish_feedback(
    output: Path, catalog: Catalog, ledger: Ledger, adjustments: list[Adjustment], marks: Marks
) -> Overview:
    """Write every verdict's page, and note its mark; exercises that are no more are left out."""
    by_submission = defaultdict(list)
    for one in adjustments:
        by_submission[one.student, one.exercise].append(one)
    known, overview = rubrics(catalog), Overview()
    for row in ledger.standing():
        if rubric := known.get(row.exercise):
            result = row.verdict()
            own = mark(row, result, rubric, by_submission.get((row.student, row.exercise), ()))
            marks.setdefault(row.student, {})[row.exercise] = own
            overview.add(result, own, rubric)
            path = output / "feedback" / row.student / f"{row.exercise}.html"
            write_if_changed(path, feedback_page(row, result, own, rubric))
    return overview
