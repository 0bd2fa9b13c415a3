"""Disks that are full or read-only and rows that are damaged: one sentence each, nothing lost."""

import contextlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from taller.catalog import load_catalog
from taller.errors import TallerError
from taller.grading.gradebook import write_whole
from taller.grading.ledger import Adjustment, Ledger
from taller.grading.publish import publish
from taller.grading.seal import faults, write_seal
from taller.grading.writing import writing_to
from taller.result import Result

CATALOG = load_catalog(Path(__file__).parents[2])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(disk: Path) -> Path:
    """Leave no room; what it returns can be removed again."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return filler


def verdict(student: str) -> Result:
    return Result("ej01", "graded", 7, 10, (), student=student, flags=("x" * 20_000,))


def record_often(ledger: Ledger) -> None:
    for _ in range(20):
        ledger.record("k", verdict("berta"))


def test_a_full_disk_is_told_and_what_was_recorded_stays(small_disk: Path) -> None:
    with Ledger(small_disk / "ledger.db") as ledger:
        ledger.record("k", verdict("ana"))
        filler = fill(small_disk)
        with pytest.raises(TallerError, match="disk is full") as caught:
            record_often(ledger)
        assert "Haz sitio" in caught.value.suggestion
        filler.unlink()
        ledger.record("k", verdict("carla"))
        assert {row.student for row in ledger.standing()} >= {"ana", "carla"}
        assert not list(ledger.faults())


def test_a_file_that_finds_no_room_leaves_the_old_one_whole(small_disk: Path) -> None:
    path = small_disk / "results" / "ana.json"
    write_whole(path, "uno")
    fill(small_disk)
    with pytest.raises(TallerError, match="no queda sitio en el disco"), writing_to(small_disk):
        write_whole(path, "dos" * 100_000)
    assert path.read_text() == "uno"


def test_a_read_only_disk_is_told(small_disk: Path) -> None:
    with Ledger(small_disk / "ledger.db") as ledger:
        ledger.record("k", verdict("ana"))
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(TallerError, match="de solo lectura"), writing_to(small_disk):
        write_whole(small_disk / "x", "y")
    with pytest.raises(TallerError, match="no se puede usar") as caught:
        Ledger(small_disk / "ledger.db")
    assert "permiso de escritura" in caught.value.suggestion


@pytest.mark.engine
def test_the_command_ends_with_one_sentence(small_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "submitted" / "ana").mkdir(parents=True)
    (tmp_path / "submitted" / "ana" / "ej01.ipynb").write_text("{")
    words = [sys.executable, "-m", "taller", "grade", tmp_path / "submitted", "-o"]
    fill(small_disk)
    full = subprocess.run([*words, small_disk / "out"], capture_output=True, text=True, timeout=250)
    assert full.returncode == 1
    assert "Traceback" not in full.stderr
    assert "Haz sitio" in full.stderr
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    locked = subprocess.run([*words, small_disk], capture_output=True, text=True, timeout=250)
    assert locked.returncode == 1
    assert "Traceback" not in locked.stderr
    assert "solo lectura" in locked.stderr


# --- damaged rows -------------------------------------------------------------


@pytest.fixture
def ledger_file(tmp_path: Path) -> Path:
    with Ledger(tmp_path / "ledger.db") as ledger:
        for student in ("ana", "berta"):
            ledger.record("k", Result("ej01", "graded", 7, 10, (), student=student))
        ledger.adjust(Adjustment("ana", "ej01", "", 1, "bien", "Marta"))
        write_seal(tmp_path, ledger, ())
    return tmp_path / "ledger.db"


@pytest.mark.parametrize(
    "content",
    ["", "{", "null", "[]", "{}", '{"score": 1}', "[" * 100_000, b"\xff\x00", 7],
)
@pytest.mark.parametrize("row", [2, 3])
def test_a_damaged_row_is_named_with_what_to_do(
    ledger_file: Path, content: object, row: int
) -> None:
    with sqlite3.connect(ledger_file) as database:
        database.execute("UPDATE ledger SET content = ? WHERE seq = ?", (content, row))
    with Ledger(ledger_file) as ledger:
        with pytest.raises(TallerError, match=f"fila {row} del registro") as caught:
            publish(ledger_file.parent, CATALOG, ledger, [])
        assert "copia" in caught.value.suggestion
        assert any(f"fila {row} (" in fault for fault in ledger.faults())
        assert any(f"fila {row} " in fault for fault in faults(ledger_file.parent, ledger))


def test_the_other_rows_are_still_there(ledger_file: Path) -> None:
    with sqlite3.connect(ledger_file) as database:
        database.execute("UPDATE ledger SET content = '' WHERE seq = 2")
    with Ledger(ledger_file) as ledger:
        found = ledger.latest("ana", "ej01")
        assert found is not None
        assert json.loads(found.content)["score"] == 7
