"""The ledger in SQLite: attempts, adjustments by hand, and what shows that it was touched."""

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from taller.errors import TallerError
from taller.grading import seal
from taller.grading.gradebook import write_result
from taller.grading.ledger import Adjustment, Head, Ledger
from taller.result import CheckResult, Result

CHECKS = (
    CheckResult("volumes", "Hay tres volúmenes", 0, 6, False, "falta uno"),
    CheckResult("outputs", "El output existe", 4, 4, True),
)
BY_HAND = Adjustment("ana", "ej01", "volumes", 2, "El nombre estaba bien", "Berta")


def result(student: str = "ana", score: int | None = 4) -> Result:
    status = "graded" if score is not None else "infra_error"
    return Result("ej01", status, score, 10, CHECKS, student=student)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def edit(path: Path, statement: str) -> None:
    """Change a ledger behind its back."""
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement).rowcount >= 1


def test_it_keeps_every_attempt_and_knows_the_last(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record("k1", result())
        assert ledger.record("k2", result(score=9)).attempt == 2
        ledger.record("k1", result("luis"))
        last = ledger.latest("ana", "ej01")
        assert last is not None
        assert (last.key, last.verdict().score) == ("k2", 9)
        assert [row.student for row in ledger.standing()] == ["ana", "luis"]
        assert list(ledger.faults()) == []


def test_a_file_that_is_no_ledger_is_left_as_it_is(path: Path) -> None:
    path.write_text("no es una base de datos, pero es de alguien" * 40)
    with pytest.raises(TallerError, match="no se puede usar") as error, Ledger(path):
        pass
    assert "-o" in error.value.suggestion
    assert path.read_text().startswith("no es una")


# --- adjustments --------------------------------------------------------------


def test_an_adjustment_is_kept_with_who_and_when_and_changes_no_verdict(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record("k", result())
        made = ledger.adjust(BY_HAND)
        assert ledger.adjustments() == [made]
        assert (made.who, made.points, made.row) == ("Berta", 2, 2)
        assert made.when.endswith("+00:00")
        last = ledger.latest("ana", "ej01")
        assert last is not None
        assert last.verdict().score == 4
        assert list(ledger.faults()) == []


def test_an_adjustment_stays_when_the_submission_is_graded_again(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record("k", result())
        made = ledger.adjust(BY_HAND)
        assert ledger.record("k2", result(score=10)).attempt == 2
        assert ledger.adjustments() == [made]
        (row,) = ledger.standing()
        assert made.row < row.seq  # so that a report can say which is older


@pytest.mark.parametrize(
    ("changes", "message", "suggestion"),
    [
        ({"student": "anna"}, "«anna»", "«ana»"),
        ({"exercise": "ej02"}, "«ej02»", "«ej01»"),
        ({"check": "volume"}, "«volume»", "«volumes»"),
        ({"check": "zzz"}, "«zzz»", "outputs, volumes"),
        ({"points": 7}, "7 puntos, y va de 0 a 6", "de +0 a +6"),
        ({"points": -1}, "-1 puntos", "de +0 a +6"),
        ({"check": "outputs", "points": 1}, "5 puntos, y va de 0 a 4", "de -4 a +0"),
        ({"check": "", "points": 7}, "ej01 quedaría en 11", "de -4 a +6"),
        ({"points": 0}, "0 puntos", "--points"),
        ({"comment": " "}, "porqué", "--comment"),
        ({"student": "luis"}, "infra_error", "taller grade"),
    ],
)
def test_an_adjustment_that_makes_no_sense_says_why_and_is_not_kept(
    path: Path, changes: dict[str, object], message: str, suggestion: str
) -> None:
    with Ledger(path) as ledger:
        ledger.record("k", result())
        ledger.record("k", result("luis", None))
        with pytest.raises(TallerError) as error:
            ledger.adjust(replace(BY_HAND, **changes))  # type: ignore[arg-type] # any field
        assert message in error.value.message
        assert suggestion in error.value.suggestion
        assert error.value.exit_code == 2
        assert ledger.adjustments() == []


def test_adjustments_of_one_check_add_up_within_its_range(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record("k", result())
        ledger.adjust(replace(BY_HAND, points=4))
        with pytest.raises(TallerError, match="quedaría en 7"):
            ledger.adjust(replace(BY_HAND, points=3))
        ledger.adjust(replace(BY_HAND, points=-4))
        assert [one.points for one in ledger.adjustments()] == [4, -4]


# --- what shows that it was touched -------------------------------------------


def filled(path: Path) -> None:
    with Ledger(path) as ledger:
        for student in ("ana", "luis", "eva"):
            ledger.record("k", result(student))
        ledger.adjust(BY_HAND)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET content = replace(content, '\"score\": 4', '\"score\": 9') WHERE seq=2",
        "UPDATE ledger SET content = replace(content, 'Berta', 'Carla') WHERE seq = 4",
        "UPDATE ledger SET kind = 'adjustment' WHERE seq = 1",
        "UPDATE ledger SET recorded_at = '2026-01-01T00:00:00.000+00:00' WHERE seq = 1",
        "DELETE FROM ledger WHERE seq = 2",
        "UPDATE ledger SET seq = seq + 1 WHERE seq = 4",
        "DELETE FROM ledger WHERE seq = 1",
    ],
)
def test_an_edited_ledger_is_seen(path: Path, statement: str) -> None:
    filled(path)
    edit(path, statement)
    with Ledger(path) as ledger:
        assert list(ledger.faults())


@pytest.fixture
def published(tmp_path: Path, path: Path) -> Path:
    """An OUT with a ledger of four rows, its results and its seal."""
    filled(path)
    with Ledger(path) as ledger:
        for row in ledger.standing():
            write_result(tmp_path, row.verdict())
        seal.write_seal(tmp_path, ledger, ("ana",))
        assert list(seal.faults(tmp_path, ledger)) == []
    return tmp_path


def seen(output: Path) -> str:
    with Ledger(output / "ledger.db") as ledger:
        assert list(ledger.faults()) == []  # the chain alone does not tell
        return " ".join(seal.faults(output, ledger))


def test_missing_last_rows_are_seen(published: Path) -> None:
    edit(published / "ledger.db", "DELETE FROM ledger WHERE seq = 4")
    assert "se publicó con 4 filas y ahora tiene 3" in seen(published)


def test_a_cut_ledger_that_grew_again_is_seen(published: Path) -> None:
    edit(published / "ledger.db", "DELETE FROM ledger WHERE seq = 4")
    with Ledger(published / "ledger.db") as ledger:
        ledger.record("k", result("zoe"))
    assert "u otras" in seen(published)


def test_a_missing_seal_is_seen(published: Path) -> None:
    (published / "seal.json").unlink()
    assert "falta" in seen(published)


def test_a_result_that_the_ledger_lost_is_seen_even_with_a_new_seal(published: Path) -> None:
    edit(published / "ledger.db", "DELETE FROM ledger WHERE seq >= 3")
    with Ledger(published / "ledger.db") as ledger:
        seal.write_seal(published, ledger, ("ana",))
    assert seen(published) == "results/eva/ej01.json: el registro no tiene este resultado."


def test_an_edited_result_is_seen(published: Path) -> None:
    file = published / "results" / "ana" / "ej01.json"
    file.write_text(file.read_text("utf-8").replace('"score": 4', '"score": 10'), "utf-8")
    assert "results/ana/ej01.json" in seen(published)


def test_a_noted_end_proves_that_the_ledger_only_grew(path: Path) -> None:
    filled(path)
    with Ledger(path) as ledger:
        noted = ledger.head()
        assert noted.rows == 4
        ledger.record("k", result("zoe"))
        assert ledger.contains(noted)
        assert ledger.contains(Head())
        assert not ledger.contains(Head(4, ledger.head().hash))
        assert not ledger.contains(Head(9, noted.hash))


def test_a_cut_ledger_does_not_grow(published: Path) -> None:
    edit(published / "ledger.db", "DELETE FROM ledger WHERE seq = 4")
    with (
        Ledger(published / "ledger.db") as ledger,
        pytest.raises(TallerError, match="le faltan filas"),
    ):
        seal.require_whole(published, ledger)


def test_a_seal_that_cannot_be_read_is_an_error_that_says_so(published: Path) -> None:
    (published / "seal.json").write_text('{"rows": 4}')
    with Ledger(published / "ledger.db") as ledger, pytest.raises(TallerError, match=r"seal\.json"):
        seal.require_whole(published, ledger)


# --- several at once ----------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from taller.grading.ledger import Ledger
from taller.result import Result
with Ledger(Path(sys.argv[1])) as ledger:
    for _ in range(20):
        ledger.record("k", Result("ej01", "graded", 1, 1, (), student=sys.argv[2]))
"""


def test_writers_at_the_same_time_make_one_chain(path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, name]) for name in ("ana", "luis")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    with Ledger(path) as ledger:
        assert ledger.head().rows == 40
        assert list(ledger.faults()) == []
        assert [row.verdict().attempt for row in ledger.standing()] == [20, 20]
