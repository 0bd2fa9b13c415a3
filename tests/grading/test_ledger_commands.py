"""``taller ledger``: what an instructor does by hand, and how a touched ledger is found out."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from taller.catalog import load_catalog
from taller.checks import load_checks
from taller.grading.gradebook import write_result
from taller.grading.ledger import Ledger
from taller.grading.seal import publish_sealed
from taller.grading.verdicts import without_run

CATALOG = load_catalog(Path(__file__).parents[2])
EJ01 = CATALOG.exercise("ej01")
CHECK = next(check for check in load_checks(EJ01.checks_file) if check.points > 1)


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    """The OUT of a class in which ana handed in something that gets no point, and luis nothing."""
    with Ledger(tmp_path / "ledger.db") as ledger:
        verdict = without_run(EJ01, "graded", "No hay volúmenes.")
        verdict = ledger.record("k", type(verdict)(**{**vars(verdict), "student": "ana"}))
        write_result(tmp_path, verdict)
        publish_sealed(tmp_path, CATALOG, ledger, ["ana", "luis"])
    return tmp_path


def ledger(command: str, output: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "taller", "ledger", command, str(output), *words]
    return subprocess.run(line, capture_output=True, text=True, timeout=60)


def adjust(output: Path, points: str, *words: str) -> "subprocess.CompletedProcess[str]":
    given = ("--points", points, "--comment", "Lo explicó en clase", *words)
    return ledger("adjust", output, "ana", "ej01", *given)


def marks(output: Path) -> list[str]:
    lines = (output / "gradebook.csv").read_text("utf-8").splitlines()
    return [",".join(line.split(",")[:2]) for line in lines[1:]]


def test_an_adjustment_is_published_and_shown_with_who_gave_it(graded: Path) -> None:
    assert marks(graded) == ["ana,0", "luis,"]
    done = adjust(graded, "+1", "--check", CHECK.id, "--who", "Berta Sanz")
    assert done.returncode == 0, done.stderr
    assert "Berta Sanz" in done.stdout
    assert marks(graded) == ["ana,1", "luis,"]
    shown = ledger("show", graded, "ana").stdout.splitlines()
    assert "ana ej01 graded 0/10, intento 1" in shown[0]
    assert f"ana ej01 {CHECK.id} +1, Berta Sanz: Lo explicó en clase" in shown[1]
    assert ledger("show", graded, "luis").stdout == ""
    assert ledger("verify", graded).returncode == 0


def test_points_can_be_given_to_the_exercise_as_a_whole(graded: Path) -> None:
    assert adjust(graded, "4").returncode == 0
    assert adjust(graded, "-1").returncode == 0
    assert marks(graded) == ["ana,3", "luis,"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ana", "ej01", "--points", "99", "--comment", "x"), "el ajuste puede ir de +0 a +10"),
        (("anna", "ej01", "--points", "1", "--comment", "x"), "¿Querías decir «ana»?"),
        (("ana", "ej01", "--points", "mucho", "--comment", "x"), "--points"),
        (("ana", "ej01", "--points", "1"), "--comment"),
    ],
)
def test_a_wrong_adjustment_ends_with_code_2(
    graded: Path, words: tuple[str, ...], says: str
) -> None:
    done = ledger("adjust", graded, *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert marks(graded) == ["ana,0", "luis,"]


def test_a_folder_without_a_ledger_is_said_to_be_one(tmp_path: Path) -> None:
    for command, words in (("verify", ()), ("show", ()), ("adjust", ("a", "ej01"))):
        given = ("--points", "1", "--comment", "x") if words else ()
        done = ledger(command, tmp_path, *words, *given)
        assert done.returncode == 2
        assert "No hay ningún registro" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_cut_ledger_fails_verification_and_takes_no_adjustment(graded: Path) -> None:
    noted = re.search(r"\d+:[0-9a-f]{64}", ledger("verify", graded).stdout)
    assert noted
    with sqlite3.connect(graded / "ledger.db") as connection:
        connection.execute("DELETE FROM ledger")
    verified = ledger("verify", graded, "--head", noted[0])
    assert verified.returncode == 1
    assert "se publicó con 1 filas" in verified.stdout
    assert "no contiene el final 1:" in verified.stdout
    refused = adjust(graded, "+1")
    assert refused.returncode == 1
    assert "le faltan filas" in refused.stderr
    assert ledger("verify", graded, "--head", "7").returncode == 2
