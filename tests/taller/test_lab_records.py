"""Points and values outlive the kernel; a value that JSON cannot carry is refused by name."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taller import progress_table
from taller.catalog import Exercise
from taller.lab.card import Card
from taller.lab.errors import LabError
from taller.lab.records import hand_over, note_progress, read_progress, read_values
from taller.result import CheckResult, Result

EXERCISE = Exercise(
    "ej08", "drift", "Drift", 10, True, 60, Path("/nada"),
    values={"motivo": "string", "filas": "number", "cifras": "array"},
)  # fmt: skip


def result(**passed: bool) -> Result:
    checks = tuple(
        CheckResult(id, f"Título de {id}", 2 if good else 0, 2, good, "" if good else "<b>no</b>")
        for id, good in passed.items()
    )
    return Result("ej08", "graded", 0, 2 * len(checks), checks)


def test_each_check_keeps_its_latest_verdict(tmp_path: Path) -> None:
    note_progress(tmp_path, result(a=True, b=False))
    note_progress(tmp_path, result(b=True))
    assert read_progress(tmp_path).points == {"a": 2, "b": 2}
    note_progress(tmp_path, result(a=False))
    assert read_progress(tmp_path).score == 2


def test_without_any_check_there_are_no_points(tmp_path: Path) -> None:
    assert read_progress(tmp_path).score == 0


def test_values_are_handed_over_as_json_numpy_too(tmp_path: Path) -> None:
    hand_over(tmp_path, EXERCISE, {"motivo": "se borró", "filas": np.int64(1309)})
    hand_over(tmp_path, EXERCISE, {"cifras": np.arange(3)})
    assert read_values(tmp_path) == {"motivo": "se borró", "filas": 1309, "cifras": [0, 1, 2]}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"otro": 1}, "El ejercicio no pide «otro»"),
        ({"filas": float("nan")}, "«filas» no se puede entregar"),
        ({"motivo": object()}, "es de tipo object"),
        ({"motivo": 3}, "debe ser de tipo string"),
        ({"motivo": "x" * 2**20}, "ocupan más de 1024 kB"),
    ],
)
def test_a_value_that_cannot_be_handed_over_is_refused(
    tmp_path: Path, values: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(LabError, match=message):
        hand_over(tmp_path, EXERCISE, values)
    assert read_values(tmp_path) == {}


class _Rubric:
    """What a card needs of a check."""

    id = "b"
    hints = ("un empujón", "algo más", "la línea")


def test_a_card_shows_why_a_check_failed_and_nests_its_hints() -> None:
    card = Card("ej08", result(a=True, b=False), [_Rubric()])  # type: ignore[list-item]  # a stand-in with the two attributes a card reads
    assert (card.score, card.max_score, card.passed, card.failed) == (2, 4, False, ["b"])
    html = card._repr_html_()
    assert "&lt;b&gt;no&lt;/b&gt;" in html
    first, second, third = (html.index(hint) for hint in _Rubric.hints)
    assert first < second < third
    assert html.count("<details>") == html.count("</details>") == 3
    assert "✗ 0/2  Título de b  [b]" in repr(card)


def test_the_table_of_progress_shows_points_and_when_they_were_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLER_HOME", str(tmp_path))
    private = tmp_path / "workspaces/dev/ej01/.taller"
    private.mkdir(parents=True)
    check = CheckResult("gold_volume_exists", "El volumen gold", 1, 1, True)
    note_progress(private, Result("ej01", "graded", 1, 1, (check,)))
    table = progress_table()
    assert table.score == 1
    assert table.rows[0][1] == 1
    assert str(datetime.now().astimezone().year) in table.rows[0][3]
    assert "ej01    1/9" in repr(table)
