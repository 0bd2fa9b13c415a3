"""What servers' logs, a journal and a ``values.json`` tell: lines and looks become events."""

import json
from pathlib import Path
from typing import Any

import pytest

from taller.catalog import Exercise
from taller.checks.remote_facts import events
from taller.checks.state_summary import summary
from taller.checks.workspace_facts import MAX_VALUES_BYTES, checked_values, read_values
from taller.lab.journal import differences

STATE = json.dumps(
    {
        "version": 4,
        "lineage": "l'a",
        "serial": 2,
        "resources": [
            {
                "mode": "managed", "type": "docker_volume", "name": "raw",
                "instances": [{"index_key": "a", "attributes": {"name": "dev_raw"}}],
            }
        ],
    },
    indent=1,
)  # fmt: skip
OWNER = json.dumps({"Who": "ana@portatil", "Operation": "OperationTypeApply"})


def told(kind: str, log: str) -> list[tuple[float, str]]:
    return [(event["at"], event["what"]) for event in events(kind, log)]


def s3(at: float, method: str, key: str, status: int, body: str = "") -> str:
    call = {"at": at, "method": method, "key": key, "status": status, "body": body}
    return json.dumps(call) + "\n"


def pg(at: float, session: int, text: str, level: str = "LOG") -> str:
    lines = text.replace("\n", "\n\t")
    return f"{at} {session} 00000 {level}:  {lines}\n"


def pg_write(at: float, session: int, state: str) -> str:
    quoted = state.replace("'", "''")
    wrote = pg(at, session, "execute <unnamed>: INSERT INTO terraform.states (name, data) VALUES")
    return wrote + pg(at, session, f"parameters: $1 = 'default', $2 = '{quoted}'", "DETAIL")


def takes(at: float, session: int) -> str:
    return pg(at, session, "execute x: SELECT id, pg_try_advisory_lock(states.id) FROM states")


def test_the_log_of_s3_tells_locks_refusals_and_writes() -> None:
    log = (
        "S3 en el puerto 9000, bucket tfstate\n"
        + s3(1, "PUT", "terraform.tfstate.tflock", 200, OWNER)
        + s3(2, "PUT", "terraform.tfstate.tflock", 412)
        + s3(3, "PUT", "terraform.tfstate", 200, STATE)
        + s3(4, "DELETE", "terraform.tfstate.tflock", 204)
    )
    found = events("s3", log)
    assert [event["what"] for event in found] == ["lock", "refused", "write", "unlock"]
    assert (found[0]["who"], found[0]["operation"]) == ("ana@portatil", "OperationTypeApply")
    assert found[2]["state"] == summary(STATE)
    assert found[2]["state"]["addresses"] == ['docker_volume.raw["a"]']


@pytest.mark.parametrize(
    "line",
    [
        "", "nada", "[]", '{"at": 1}', "[" * 100_000,
        s3(1, "PUT", "terraform.tfstate", 500, STATE), s3(1, "PUT", "terraform.tfstate", 200, "x"),
        s3(1, "PUT", "terraform.tfstate.tflock", 500), s3(1, "DELETE", "terraform.tfstate", 204),
    ],
)  # fmt: skip
def test_a_line_of_s3_that_changed_nothing_tells_nothing(line: str) -> None:
    assert events("s3", line) == []


def test_the_log_of_postgresql_tells_the_same() -> None:
    log = (
        takes(1.5, 70)
        + takes(2.5, 71)
        + pg_write(3.5, 70, STATE)
        + pg(4.5, 71, "disconnection: session time: 0:00:01")
        + pg(5.5, 70, "statement: SELECT pg_advisory_unlock(1)")
        + takes(6.5, 72)
        + pg(7.5, 72, "disconnection: session time: 0:00:01")
    )
    assert told("pg", log) == [
        (1.5, "lock"), (2.5, "refused"), (3.5, "write"), (5.5, "unlock"), (6.5, "lock"),
        (7.5, "unlock"),
    ]  # fmt: skip
    assert events("pg", log)[2]["state"] == summary(STATE)


def test_a_text_within_a_statement_is_no_entry_of_postgresql() -> None:
    forged = pg(1.5, 70, "statement: SELECT '\n" + takes(2.5, 71) + "'")
    assert events("pg", forged) == []
    assert events("pg", "no es de PostgreSQL\n\tni esto\n") == []


def journal(
    before: dict[str, str], now: dict[str, str], by: str = "", recorded: set[str] | None = None
) -> list[tuple[str, str, str]]:
    found = differences({"volume": before}, {"volume": now}, by, recorded or set())
    return [(event["action"], event["name"], event["by"]) for event in found]


def test_a_journal_tells_who_made_and_who_removed() -> None:
    assert journal({}, {"dev_raw": "1"}, "terraform") == [("create", "dev_raw", "terraform")]
    assert journal({"dev_raw": "1"}, {"dev_raw": "1"}) == []
    assert journal({"dev_raw": "1"}, {"dev_raw": "2"}, "terraform") == [
        ("remove", "dev_raw", "terraform"), ("create", "dev_raw", "terraform"),
    ]  # fmt: skip


def test_between_calls_the_state_tells_whether_terraform_did_it_in_a_terminal() -> None:
    assert journal({}, {"dev_raw": "1"}) == [("create", "dev_raw", "other")]
    assert journal({}, {"dev_raw": "1"}, recorded={"dev_raw"}) == [
        ("create", "dev_raw", "terraform")
    ]
    assert journal({"dev_raw": "1"}, {}) == [("remove", "dev_raw", "terraform")]
    assert journal({"dev_raw": "1"}, {}, recorded={"dev_raw"}) == [("remove", "dev_raw", "other")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no están en un archivo que se pueda leer"),
        (b" " * (MAX_VALUES_BYTES + 1), "ocupan más de 1024 kB"),
        (b"{", "no es JSON"), (b"\xff\xfe\x00", "no es JSON"), (b"[" * 100_000, "no es JSON"),
        (b"[1]", "es otro"), (b"null", "es otro"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_read_have_a_reason_each(content: bytes | None, why: str) -> None:
    found = read_values(content)
    assert isinstance(found, str)
    assert why in found
    exercise = Exercise(
        "ej08", "drift", "Drift", 10, True, 60, Path("/nada"), values={"a": "string", "b": "array"}
    )
    assert checked_values(exercise, found) == ({}, {"values.a": found, "values.b": found})


def test_values_that_are_an_object_are_read_and_a_huge_wrong_one_is_shown_in_short() -> None:
    found: Any = read_values(json.dumps({"a": ["x" * 10_000]}).encode())
    assert found == {"a": ["x" * 10_000]}
    exercise = Exercise(
        "ej08", "drift", "Drift", 10, True, 60, Path("/nada"), values={"a": "string"}
    )
    _, problems = checked_values(exercise, found)
    assert "debe ser de tipo string" in problems["values.a"]
    assert len(problems["values.a"]) < 200
