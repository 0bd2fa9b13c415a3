"""All that instructors, students and other tools read, made from the ledger."""

from collections.abc import Collection, Iterable
from pathlib import Path

from taller.catalog import Catalog
from taller.grading.gradebook import write_gradebook
from taller.grading.ledger import Ledger


def publish(
    output: Path,
    catalog: Catalog,
    ledger: Ledger,
    students: Iterable[str],
    exports: Collection[str] = (),
) -> None:
    """Write what OUT shows of the ledger.

    Args:
        output: the folder.
        catalog: the exercises, with their whole rubrics.
        ledger: all verdicts and adjustments.
        students: who has a line even without a verdict.
        exports: names of the import files wanted besides.
    """
    del exports
    write_gradebook(output, catalog, students, (row.verdict() for row in ledger.standing()))
