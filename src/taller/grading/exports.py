"""Import files for learning platforms, as those document them.

Canvas: «How do I import grades in the Gradebook?» of the Canvas Instructor Guide, and
``lib/gradebook_importer.rb`` of instructure/canvas-lms, which reads the file. Moodle: «Grade
import» of MoodleDocs, and ``grade/import/csv/classes/load_data.php`` of moodle/moodle.

A submission without a score has an empty cell, never a 0. Both platforms take an empty cell where
they already have a mark for the wish to remove it, and say so before they import.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from taller.catalog import Catalog, Exercise
from taller.grading.gradebook import Exact, csv_text, scores
from taller.grading.marks import Mark, Marks
from taller.grading.pages.rendering import visible
from taller.grading.pages.wording import WORDS

_USER_NAME = re.compile(r"[-+@]\w[\w.]*(?:@[\w.]+)?")
"""User names may begin with a sign; with nothing to compute behind it, that is no formula."""
_POINTS_ROW = "Points Possible"
"""Canvas takes every row whose first cell contains this for the one with the maxima."""


def canvas_csv(catalog: Catalog, marks: Marks) -> str:
    """The text of ``canvas.csv``.

    The columns that Canvas asks for, in its order: Student, ID, SIS User ID, SIS Login ID, Section,
    and one an assignment; a second row with the points possible. Students are found by their login,
    the name of their folder; ID, SIS User ID and Section may be empty. Canvas writes its own
    assignments as ``name (id)``; ids are Canvas's to give, and without one it matches the whole
    name, or proposes a new assignment worth the points possible.
    """
    columns = [_title(exercise) for exercise in catalog.exercises]
    points = [exercise.points for exercise in catalog.exercises]
    ids = [exercise.id for exercise in catalog.exercises]
    rows: list[list[object]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *columns],
        [f"    {_POINTS_ROW}", "", "", "", "", *points],
    ]
    for student, own in sorted(marks.items()):
        name = "" if _POINTS_ROW in student else student
        rows.append([name, "", "", _user_name(student), "", *scores(own, ids)])
    return csv_text(rows)


def moodle_csv(catalog: Catalog, marks: Marks) -> str:
    """The text of ``moodle.csv``.

    One column says who: the folder's name, to be mapped to whichever it is, ``username``,
    ``useridnumber`` or ``useremail``. Each exercise has a column for the mark and one for the
    comment, because Moodle removes marks when comments are imported without them. Moodle takes
    comments for HTML. It imports nothing at all when one of the users is unknown to it.
    """
    header = ["username"]
    for exercise in catalog.exercises:
        header += [_title(exercise), f"{_title(exercise)} (Feedback)"]
    rows: list[list[object]] = [list(header)]
    for student, own in sorted(marks.items()):
        rows.append([_user_name(student), *_moodle_cells(catalog, own)])
    return csv_text(rows)


EXPORTS: dict[str, Callable[[Catalog, Marks], str]] = {"canvas": canvas_csv, "moodle": moodle_csv}
"""Name of each import file, without ``.csv``, to what makes its text."""


def _moodle_cells(catalog: Catalog, own: Mapping[str, Mark]) -> Iterator[Any]:
    for exercise in catalog.exercises:
        mark = own.get(exercise.id)
        yield from scores(own, [exercise.id])
        yield html.escape(visible(remark(mark)), quote=False) if mark else ""


def remark(mark: Mark) -> str:
    """A mark in a line of text, for its student: nothing of a hidden check is in it."""
    if mark.score is None:
        return WORDS[mark.status].title
    parts = [f"{mark.score} de {mark.max_score} puntos."]
    if mark.status != "graded":
        parts.append(f"{WORDS[mark.status].title}.")
    if mark.status in ("graded", "timeout") and mark.missing:
        parts.append(f"Falta: {'; '.join(mark.missing)}.")
    parts += [f"Ajuste de {one.points:+d}: {one.comment}" for one in mark.adjustments]
    return " ".join(parts)


def _title(exercise: Exercise) -> str:
    return f"{exercise.id} {exercise.title}"


def _user_name(student: str) -> str:
    """The folder's name as it is, unless a spreadsheet could run it, which no user name is."""
    return Exact(student) if _USER_NAME.fullmatch(student) else student
