"""The grades' ledger in our own PostgreSQL, where several instructors share it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from taller.errors import TallerError
from taller.grading.ledger import Adjustment, Ledger, ledger_url
from taller.result import CheckResult, Result

pytestmark = pytest.mark.engine

PASSWORD = "clave-de-notas-1"
INSTRUCTORS = 4
WRITER = """
import sys
from pathlib import Path
from taller.grading.ledger import Ledger, ledger_url
from taller.result import Result
with Ledger(ledger_url(Path(), sys.argv[1])) as ledger:
    for number in range(15):
        student = f"{sys.argv[2]}{number % 3}"
        ledger.record("k", Result("ej01", "graded", 1, 1, (), student=student))
"""


@pytest.fixture(scope="module")
def server(
    start_service: Callable[..., AbstractContextManager[Any]],
) -> Iterator[str]:
    """The address of a PostgreSQL server's database."""
    with start_service("state_pg", password=PASSWORD) as service:
        yield str(service.outputs["conn_str"])


@pytest.fixture
def database(server: str, prefix: str) -> str:
    """The address of a new schema in it, which is empty like a new database."""
    with psycopg.connect(server) as connection:
        connection.execute(f'CREATE SCHEMA "{prefix}"'.encode())
    return f"{server}&options=-csearch_path%3D{prefix}"


def opened(database: str) -> Ledger:
    return Ledger(ledger_url(Path(), database))


def result(student: str = "ana") -> Result:
    checks = (CheckResult("volumes", "Hay tres \x00 volúmenes", 2, 6, True),)
    return Result("ej01", "graded", 2, 6, checks, student=student)


def test_it_says_the_same_as_the_one_in_a_file(database: str) -> None:
    wanted = Adjustment("ana", "ej01", "volumes", 2, "Se ve que lo sabe", "Berta")
    with opened(database) as ledger:
        ledger.record("k1", result("ñu"))
        assert ledger.record("k2", result("ana")).attempt == 1
        assert ledger.record("k3", result("ana")).attempt == 2
        made = ledger.adjust(wanted)
    with opened(database) as again:
        last = again.latest("ana", "ej01")
        assert last is not None
        assert (last.key, last.verdict().checks) == ("k3", result().checks)
        assert [row.student for row in again.standing()] == ["ana", "ñu"]
        assert again.adjustments() == [made]
        assert (again.head().rows, list(again.faults())) == (4, [])


def test_instructors_who_grade_at_the_same_time_make_one_chain(database: str) -> None:
    def write(name: str) -> int:
        command = [sys.executable, "-c", WRITER, database, name]
        return subprocess.run(command, timeout=100).returncode

    with ThreadPoolExecutor(INSTRUCTORS) as pool:
        assert set(pool.map(write, "abcd")) == {0}
    with opened(database) as ledger:
        assert ledger.head().rows == INSTRUCTORS * 15
        assert list(ledger.faults()) == []
        assert {row.verdict().attempt for row in ledger.standing()} == {5}


def test_two_rows_cannot_continue_the_same_one(database: str) -> None:
    with opened(database) as ledger:
        ledger.record("k", result())
        ledger.record("k", result())
    columns = "kind, student, exercise, key, content, recorded_at, previous, hash"
    fork = f"INSERT INTO ledger (seq, {columns}) SELECT 3, {columns} FROM ledger WHERE seq = 2"
    with psycopg.connect(database) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(fork.encode())


def test_an_edit_behind_its_back_is_seen(database: str) -> None:
    with opened(database) as ledger:
        ledger.record("k", result())
        noted = ledger.head()
        ledger.record("k", result("luis"))
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE ledger SET content = replace(content, '2', '6') WHERE seq = 1")
    with opened(database) as ledger:
        assert "se cambió" in " ".join(ledger.faults())
    with psycopg.connect(database) as connection:
        connection.execute("DELETE FROM ledger")
    with opened(database) as ledger:
        assert list(ledger.faults()) == []
        assert not ledger.contains(noted)


def test_an_instructor_needs_no_right_to_change_rows(database: str) -> None:
    with opened(database) as ledger:
        ledger.record("k", result())
    with psycopg.connect(database) as connection:
        connection.execute("REVOKE UPDATE, DELETE, TRUNCATE ON ledger FROM CURRENT_USER")
    with opened(database) as ledger:
        assert ledger.record("k", result()).attempt == 2
        assert list(ledger.faults()) == []
    with (
        psycopg.connect(database) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("DELETE FROM ledger")


def test_a_wrong_password_is_an_error_that_does_not_show_it(database: str) -> None:
    with (
        pytest.raises(TallerError, match="password authentication failed") as error,
        opened(database.replace(PASSWORD, "otra-clave")),
    ):
        pass
    assert "otra-clave" not in str(error.value)
    assert "--gradebook" in error.value.suggestion


def test_the_commands_use_it_too(database: str, tmp_path: Path) -> None:
    with opened(database) as ledger:
        ledger.record("k", result())

    def taller(command: str, *words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "taller", "ledger", command, str(tmp_path), *words]
        return subprocess.run(
            [*line, "--gradebook", database], capture_output=True, text=True, timeout=60
        )

    adjusted = taller(
        "adjust", "ana", "ej01", "--check", "volumes", "--points", "-1", "--comment", "Tarde"
    )
    assert adjusted.returncode == 0, adjusted.stderr
    assert taller("verify").returncode == 0
    assert "volumes -1" in taller("show", "ana").stdout
    assert "ana,1,," in (tmp_path / "gradebook.csv").read_text("utf-8")
    seal = json.loads((tmp_path / "seal.json").read_text("utf-8"))
    assert PASSWORD not in json.dumps(seal)
    assert seal["rows"] == 2


def test_what_one_instructor_graded_another_does_not_grade_again(
    database: str, tmp_path: Path
) -> None:
    notebook = tmp_path / "submitted" / "ana" / "ej01.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text('{"nbformat": 3}')

    def graded(output: str) -> int:
        line = ["grade", str(tmp_path / "submitted"), "-o", str(tmp_path / output), "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "taller", *line, "--gradebook", database],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return int(json.loads(done.stdout)["run"])

    assert (graded("berta"), graded("carlos")) == (1, 0)
    first, second = tmp_path / "berta", tmp_path / "carlos"
    assert not (first / "ledger.db").exists()
    for file in ("gradebook.csv", "results/ana/ej01.json"):
        assert (first / file).read_bytes() == (second / file).read_bytes()


@pytest.mark.parametrize("text", ["mysql://x/y", "no es una dirección", "postgresql://host"])
def test_an_address_that_is_none_is_a_usage_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(TallerError, match="PostgreSQL") as error:
        ledger_url(tmp_path, text)
    assert error.value.exit_code == 2
