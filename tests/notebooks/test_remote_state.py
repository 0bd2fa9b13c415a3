"""Exercise 7 where the answer is another one that is right: the state in PostgreSQL."""

import json
from pathlib import Path
from typing import Any

import pytest

from taller.catalog import load_catalog

CATALOG = load_catalog(Path(__file__).parents[2])
EJ07 = CATALOG.exercise("ej07")

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]


def on_postgresql() -> dict[str, Any]:
    """The solution of who has chosen PostgreSQL, which always locks."""
    text = CATALOG.solution(EJ07).read_text("utf-8")
    for old, new in (
        ('almacen = \\"s3\\"', 'almacen = \\"pg\\"'),
        ('backend \\"s3\\" {', 'backend \\"pg\\" {'),
        ("    use_lockfile = true\\n", ""),
    ):
        assert old in text
        text = text.replace(old, new)
    return dict(json.loads(text))


def test_the_same_answer_on_postgresql_gets_every_point(desk: Any) -> None:
    desk.hand_in(on_postgresql())
    result = desk.verdict(EJ07)
    assert (result.status, result.score) == ("graded", EJ07.points), result.to_json()
    desk.tidy_up()
