"""OUT shows what the ledger says: all of it, and no file is written twice for nothing."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from taller.catalog import load_catalog
from taller.grading.ledger import Adjustment, Ledger
from taller.grading.publish import publish
from taller.grading.verdicts import no_verdict, without_run
from taller.result import CheckResult, Result

CATALOG = load_catalog(Path(__file__).parents[2])
EJ01 = CATALOG.exercise("ej01")


def graded(student: str, points: int) -> Result:
    check = CheckResult("volumes_exist", "Los tres volúmenes existen", points, 10, points > 5)
    return Result("ej01", "graded", points, 10, (check,), student=student)


def scores(output: Path) -> dict[str, str]:
    with (output / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        return {row["student"]: row["ej01"] for row in csv.DictReader(file)}


def written(output: Path) -> dict[str, int]:
    """When each file was written, the ledger's own apart."""
    files = [path for path in output.rglob("*") if path.is_file() and "ledger" not in path.name]
    return {str(path.relative_to(output)): path.stat().st_mtime_ns for path in files}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.db") as opened:
        opened.record("a", graded("ana", 7))
        opened.record("b", replace(no_verdict(EJ01, "Traceback: docker"), student="bea"))
        yield opened


def test_everything_that_people_and_scripts_read_is_there(tmp_path: Path, ledger: Ledger) -> None:
    publish(tmp_path, CATALOG, ledger, ["ana", "bea", "carlos"], ["canvas", "moodle"])
    assert {*written(tmp_path)} == {
        "feedback/ana/ej01.html", "feedback/bea/ej01.html", "gradebook.csv", "report.html",
        "canvas.csv", "moodle.csv",
    }  # fmt: skip
    assert scores(tmp_path) == {"ana": "7", "bea": "", "carlos": ""}


def test_what_has_not_changed_is_not_written_again(tmp_path: Path, ledger: Ledger) -> None:
    publish(tmp_path, CATALOG, ledger, ["ana", "bea"])
    before = written(tmp_path)
    publish(tmp_path, CATALOG, ledger, ["ana", "bea"])
    assert written(tmp_path) == before
    ledger.record("c", graded("bea", 9))
    publish(tmp_path, CATALOG, ledger, ["ana", "bea"])
    after = written(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {
        "feedback/bea/ej01.html", "gradebook.csv", "report.html",
    }  # fmt: skip


def test_an_adjustment_reaches_the_marks_the_page_and_the_report(
    tmp_path: Path, ledger: Ledger
) -> None:
    ledger.adjust(Adjustment("ana", "ej01", "", 2, "Lo explicó bien.", "Marta"))
    publish(tmp_path, CATALOG, ledger, ["ana"])
    assert scores(tmp_path)["ana"] == "9"
    for page in ("feedback/ana/ej01.html", "report.html"):
        assert "Lo explicó bien." in (tmp_path / page).read_text("utf-8")


def test_an_adjustment_waits_while_there_is_no_score(tmp_path: Path, ledger: Ledger) -> None:
    ledger.adjust(Adjustment("ana", "ej01", "", 2, "Lo explicó bien.", "Marta"))
    ledger.record("d", replace(no_verdict(EJ01, "Traceback: docker"), student="ana"))
    publish(tmp_path, CATALOG, ledger, ["ana"])
    assert scores(tmp_path)["ana"] == ""


def test_a_student_whose_submission_is_gone_keeps_marks_and_pages(
    tmp_path: Path, ledger: Ledger
) -> None:
    publish(tmp_path, CATALOG, ledger, ["ana", "bea"])
    publish(tmp_path, CATALOG, ledger, [])
    assert scores(tmp_path) == {"ana": "7", "bea": ""}
    assert (tmp_path / "feedback/ana/ej01.html").is_file()


def test_import_files_of_an_earlier_run_do_not_keep_old_marks(
    tmp_path: Path, ledger: Ledger
) -> None:
    publish(tmp_path, CATALOG, ledger, ["ana"], ["canvas"])
    ledger.record("c", graded("ana", 9))
    publish(tmp_path, CATALOG, ledger, ["ana"])
    assert "ana,,,ana,,9" in (tmp_path / "canvas.csv").read_text("utf-8")
    assert not (tmp_path / "moodle.csv").exists()


def test_an_exercise_that_is_no_more_is_left_out(tmp_path: Path, ledger: Ledger) -> None:
    ledger.record("e", replace(graded("ana", 5), exercise="ej99"))
    publish(tmp_path, CATALOG, ledger, ["ana"])
    assert not (tmp_path / "feedback/ana/ej99.html").exists()
    assert ",7,80" in (tmp_path / "gradebook.csv").read_text("utf-8")


def test_a_page_that_somebody_edited_is_put_right(tmp_path: Path, ledger: Ledger) -> None:
    publish(tmp_path, CATALOG, ledger, ["ana"])
    path = tmp_path / "feedback/ana/ej01.html"
    right = path.read_text("utf-8")
    path.write_text("<script>alert(1)</script>")
    publish(tmp_path, CATALOG, ledger, ["ana"])
    assert path.read_text("utf-8") == right


def test_the_pages_follow_the_status(tmp_path: Path, ledger: Ledger) -> None:
    ledger.record("f", replace(without_run(EJ01, "timeout", "No terminó."), student="ana"))
    publish(tmp_path, CATALOG, ledger, ["ana"])
    text = (tmp_path / "feedback/ana/ej01.html").read_text("utf-8")
    assert "Intento 2" in text
    assert "Tu notebook no llegó al final" in text
