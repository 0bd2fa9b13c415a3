"""Marks reach Canvas and Moodle as those read them: right students, right points, no formulas."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taller.catalog import Catalog, load_catalog
from taller.grading.exports import canvas_csv, moodle_csv, remark
from taller.grading.gradebook import gradebook_csv, plain_cell
from taller.grading.ledger import Adjustment
from taller.grading.marks import Mark, Marks
from taller.result import Status

CATALOG = load_catalog(Path(__file__).parents[2])
TITLES = [f"{exercise.id} {exercise.title}" for exercise in CATALOG.exercises]
FORMULAS = [
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http:")',
]
USERS = [
    "ana",
    "ana@example.com",
    "007",
    "-ana_1",
    "+34.600",
    "@marta",
    "O'Brien",
    "ñandú; 3",
    'a"b,c',
]


def marked(
    score: int | None, status: Status = "graded", *, missing: tuple[str, ...] = (),
    adjustments: tuple[Adjustment, ...] = (),
) -> Mark:  # fmt: skip
    return Mark(status, 1, "2026-11-23T09:05:00+00:00", score, score, 10, missing, adjustments)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


CLASS: Marks = {
    "bea": {"ej01": marked(7, missing=("Un segundo plan no cambia nada",)), "ej03": marked(0)},
    "ana": {"ej01": marked(None, "infra_error"), "ej02": marked(0, "timeout")},
    "carlos": {},
}


def test_canvas_gets_its_columns_and_the_row_with_the_points_possible() -> None:
    header, points, *students = read(canvas_csv(CATALOG, CLASS))
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *TITLES]
    assert points == ["    Points Possible", "", "", "", "", *["10"] * 8]
    assert students == [
        ["ana", "", "", "ana", "", "", "0", "", "", "", "", "", ""],
        ["bea", "", "", "bea", "", "7", "", "0", "", "", "", "", ""],
        ["carlos", "", "", "carlos", "", *[""] * 8],
    ]


def test_a_folder_called_like_the_points_row_does_not_change_the_points() -> None:
    _, _, student = read(canvas_csv(CATALOG, {"x Points Possible": {"ej01": marked(99)}}))
    assert "Points Possible" not in student[0]
    assert student[3] == "x Points Possible"


def test_moodle_gets_a_mark_and_a_comment_for_each_exercise() -> None:
    header, ana, bea, carlos = read(moodle_csv(CATALOG, CLASS))
    assert header[0] == "username"
    assert header[1:] == [name for title in TITLES for name in (title, f"{title} (Feedback)")]
    assert bea[:3] == ["bea", "7", "7 de 10 puntos. Falta: Un segundo plan no cambia nada."]
    assert ana[1:3] == ["", "Todavía no hay nota, y no es culpa tuya"]
    assert ana[3:5] == ["0", "0 de 10 puntos. Tu notebook no llegó al final."]
    assert carlos == ["carlos", *[""] * 16]


def test_comments_for_moodle_hold_the_adjustments_and_no_html_of_anybody() -> None:
    note = Adjustment("ana", "ej01", "", -2, "<script>alert(1)</script>", "Marta")
    text = moodle_csv(CATALOG, {"ana": {"ej01": marked(5, adjustments=(note,))}})
    assert "<" not in text
    assert "Ajuste de -2: &lt;script&gt;" in text
    assert remark(marked(5)) == "5 de 10 puntos."


@pytest.mark.parametrize("export", [canvas_csv, moodle_csv, gradebook_csv])
@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_is_a_formula(export: Callable[[Catalog, Marks], str], name: str) -> None:
    *_, row = read(export(CATALOG, {name: {"ej01": marked(3)}}))
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize("name", USERS)
def test_the_names_that_the_platforms_look_up_arrive_as_they_are(name: str) -> None:
    marks: Marks = {name: {"ej01": marked(3)}}
    assert read(canvas_csv(CATALOG, marks))[2][3] == name
    assert read(moodle_csv(CATALOG, marks))[1][0] == name


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_every_name_stays_in_its_cell(name: str) -> None:
    for export in (canvas_csv, moodle_csv, gradebook_csv):
        header, *rows = read(export(CATALOG, {name: {"ej01": marked(3)}}))
        assert all(len(row) == len(header) for row in rows)
        assert plain_cell(name) in (rows[-1][0 if export is not canvas_csv else 3], f"'{name}")


SPLIT = [
    "ana;=1+1", "ana\t=1+1", "ana; =1+1", 'ana;"=1+1"', "ana\n=1+1", "ana\r\n@SUM(1)", "x|+1",
    'a","b;=1', "ana;\uff1d1", "-1+1", "a&=1+1", "+cmd!A0", "@a|b",
]  # fmt: skip


@pytest.mark.parametrize("export", [canvas_csv, moodle_csv, gradebook_csv])
@pytest.mark.parametrize("separator", [";", "\t", ",", "|"])
@pytest.mark.parametrize("text", [*SPLIT, *FORMULAS])
def test_no_cell_is_a_formula_wherever_a_spreadsheet_splits_it(
    export: Callable[[Catalog, Marks], str], separator: str, text: str
) -> None:
    note = Adjustment("ana", "ej01", "", -2, f"x{text}", "Marta")
    marks: Marks = {
        text: {"ej01": marked(3, missing=(text,), adjustments=(note,))},
        f"x{text}": {},
    }
    table = export(CATALOG, marks)
    cells = [
        c for row in csv.reader(io.StringIO(table, newline=""), delimiter=separator) for c in row
    ]
    cells += [cell for line in table.splitlines() for cell in line.split(separator)[1:]
              if separator != ","]  # fmt: skip
    begins = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
    assert not [cell for cell in cells if cell.lstrip(' "\n').startswith(begins)]


def test_the_gradebook_has_the_columns_that_scripts_know() -> None:
    header, ana, bea, carlos = read(gradebook_csv(CATALOG, CLASS))
    ids = [f"ej0{number}" for number in range(1, 9)]
    assert header == ["student", *ids, "total", "max_total"]
    assert ana == ["ana", "", "0", *[""] * 6, "0", "80"]
    assert bea == ["bea", "7", "", "0", *[""] * 5, "7", "80"]
    assert carlos == ["carlos", *[""] * 8, "0", "80"]
