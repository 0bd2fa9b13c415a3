"""Rubrics run on facts: a wrong answer is a verdict, a broken check is the instructor's affair."""

import sys
from pathlib import Path
from typing import Any

import pytest

from taller.catalog import ContentError, Exercise, load_catalog
from taller.checks import Facts, load_checks, needs, run_checks
from taller.checks.engine import BROKEN, select
from taller.errors import TallerError
from taller.result import Result

ROOT = Path(__file__).parents[2]

RUBRIC = """
from taller.checks import check

HINTS = ("mira", "mira mejor", "docs")

@check("Hay un volumen raw", points=3, hints=HINTS)
def raw(facts):
    facts.volume(f"{facts.prefix}_raw")

@check("Hay algo", points=1, hints=HINTS, depends_on=("raw",))
def something(facts):
    return bool(facts.values)

@check("Nada de más", points=2, hidden=True, depends_on=("something",), needs=("plan",))
def hidden(facts):
    assert not facts.planned().changes()
"""


def exercise(folder: Path, rubric: str = RUBRIC) -> Exercise:
    folder.mkdir(exist_ok=True)
    (folder / "checks.py").write_text(rubric)
    return Exercise("ej90", "prueba", "Prueba", 6, False, 10, folder)


def volumes(*names: str) -> dict[str, list[dict[str, Any]]]:
    return {"volumes": [{"Name": name} for name in names]}


def verdicts(result: Result) -> dict[str, bool]:
    return {check.id: check.passed for check in result.checks}


def test_points_add_up_per_check(tmp_path: Path) -> None:
    facts = Facts("dev", docker=volumes("dev_raw"))
    result = run_checks(exercise(tmp_path), facts)
    assert verdicts(result) == {"raw": True, "something": False}
    assert (result.status, result.score, result.max_score) == ("graded", 3, 4)


def test_a_wrong_answer_says_what_was_expected_and_what_is_there(tmp_path: Path) -> None:
    facts = Facts("dev", docker=volumes("dev_bronze"))
    raw = run_checks(exercise(tmp_path), facts).checks[0]
    assert raw.message == "No encuentro el volumen «dev_raw». Lo que hay ahora: dev_bronze."
    assert (raw.points, raw.max_points, raw.hint) == (0, 3, "mira")


def test_returning_false_fails_with_the_title(tmp_path: Path) -> None:
    facts = Facts("dev", docker=volumes("dev_raw"))
    assert run_checks(exercise(tmp_path), facts).checks[1].message == "Hay algo"


def test_a_check_whose_dependency_failed_cannot_be_judged_and_says_so(tmp_path: Path) -> None:
    something = run_checks(exercise(tmp_path), Facts("dev", values={"a": 1})).checks[1]
    assert (something.passed, something.judged, something.hint) == (False, False, "")
    assert something.message == "No se ha podido comprobar: antes debe pasar «Hay un volumen raw»."


def test_hidden_checks_are_run_only_when_asked_for(tmp_path: Path) -> None:
    facts = Facts("dev", docker=volumes("dev_raw"), values={"a": 1}, plan={})
    assert "hidden" not in verdicts(run_checks(exercise(tmp_path), facts))
    everything = run_checks(exercise(tmp_path), facts, include_hidden=True)
    assert (verdicts(everything)["hidden"], everything.score) == (True, 6)


def test_only_what_was_asked_for_is_reported_but_dependencies_decide(tmp_path: Path) -> None:
    result = run_checks(exercise(tmp_path), Facts("dev", values={"a": 1}), only=["something"])
    assert verdicts(result) == {"something": False}
    assert result.max_score == 1


def test_an_unknown_check_proposes_the_closest(tmp_path: Path) -> None:
    with pytest.raises(TallerError, match="ninguna comprobación «rwa»") as raised:
        run_checks(exercise(tmp_path), Facts("dev"), only=["rwa"])
    assert "raw" in raised.value.suggestion


def test_a_broken_check_is_not_the_students_fault(tmp_path: Path) -> None:
    rubric = RUBRIC.replace('facts.volume(f"{facts.prefix}_raw")', "1 / 0")
    result = run_checks(exercise(tmp_path, rubric), Facts("dev"))
    assert (result.status, result.score) == ("infra_error", None)
    assert result.checks[0].message == BROKEN
    assert "ZeroDivisionError" in result.flags[0]
    assert "checks.py" in result.flags[0]


def test_a_fact_that_nobody_gathered_is_the_rubrics_fault(tmp_path: Path) -> None:
    facts = Facts("dev", docker=volumes("dev_raw"), values={"a": 1})
    result = run_checks(exercise(tmp_path), facts, include_hidden=True)
    assert result.status == "infra_error"
    assert "FactMissing" in result.flags[0]


def test_a_fact_that_the_answer_made_impossible_is_a_wrong_answer(tmp_path: Path) -> None:
    problems = {"plan": "terraform plan falla: falta la variable prefix."}
    facts = Facts("dev", docker=volumes("dev_raw"), values={"a": 1}, problems=problems)
    result = run_checks(exercise(tmp_path), facts, include_hidden=True)
    assert result.status == "graded"
    assert result.checks[-1].message == problems["plan"]


def test_a_syntax_error_in_hcl_is_a_wrong_answer_with_its_line(tmp_path: Path) -> None:
    rubric = RUBRIC.replace('facts.volume(f"{facts.prefix}_raw")', "facts.hcl")
    facts = Facts("dev", files={"main.tf": "a = 1\nb = @\n"})
    raw = run_checks(exercise(tmp_path, rubric), facts).checks[0]
    why = "No se ha podido comprobar: main.tf, línea 2, columna 5: no se esperaba «@»"
    assert raw.message.startswith(why)
    assert (raw.judged, raw.hint) == (False, "")


def test_where_terraform_refuses_the_code_what_is_not_there_cannot_be_judged(
    tmp_path: Path,
) -> None:
    refused = "Terraform no puede: falta la variable prefix."
    facts = Facts("dev", problems={"code": refused, "plan": refused})
    result = run_checks(exercise(tmp_path), facts, include_hidden=True)
    raw = result.checks[0]
    assert (raw.message, raw.judged) == (f"No se ha podido comprobar: {refused}", False)
    assert result.score == 0


def test_only_the_costly_facts_of_the_selected_checks_are_needed(tmp_path: Path) -> None:
    one = exercise(tmp_path)
    assert needs(select(one)) == frozenset()
    assert needs(select(one, include_hidden=True)) == {"plan"}


def test_rubrics_are_loaded_side_by_side_without_a_trace(tmp_path: Path) -> None:
    before = set(sys.modules)
    first = load_checks(exercise(tmp_path / "a").checks_file)
    second = load_checks(exercise(tmp_path / "b", RUBRIC.replace("3", "5")).checks_file)
    assert (first[0].points, second[0].points) == (3, 5)
    assert set(sys.modules) == before
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["checks.py"]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("points=3,", "points=3", 7, "Python no válido"),
        ("HINTS = (", "HINTS = nada + (", 4, "no se puede cargar"),
        ('depends_on=("raw",)', 'depends_on=("hidden",)', 11, "no está antes"),
        ("def something", "def raw", 11, "ya hay otra función"),
    ],
)
def test_a_mistake_in_a_rubric_is_shown_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in RUBRIC
    with pytest.raises(ContentError, match=words) as raised:
        load_checks(exercise(tmp_path, RUBRIC.replace(old, new, 1)).checks_file)
    assert abs(raised.value.line - line) <= 1


def test_a_visible_check_cannot_depend_on_a_hidden_one(tmp_path: Path) -> None:
    late = '@check("Tarde", points=1, depends_on=("hidden",))\ndef late(facts):\n    pass\n'
    rubric = f"{RUBRIC}\n{late}"
    with pytest.raises(ContentError, match="que está oculta"):
        load_checks(exercise(tmp_path, rubric).checks_file)


def test_facts_cross_a_process_boundary_unchanged() -> None:
    facts = Facts("dev", files={"main.tf": "ñ"}, docker=volumes("dev_raw"), plan={"a": [1]})
    assert Facts.from_json(facts.to_json()) == facts


def test_a_result_has_the_public_shape_and_comes_back(tmp_path: Path) -> None:
    result = run_checks(exercise(tmp_path), Facts("dev"))
    data = result.to_dict()
    assert list(data) == [
        "student", "exercise", "status", "score", "max_score", "checks", "flags",
        "duration_s", "attempt", "notebook_sha256", "versions",
    ]  # fmt: skip
    assert list(data["checks"][0]) == [
        "id", "title", "points", "max_points", "passed", "message", "hint",
    ]  # fmt: skip
    assert Result.from_dict(data) == result


def test_an_empty_workspace_gets_no_point_in_any_exercise() -> None:
    for one in load_catalog(ROOT).exercises:
        replans = {name: {} for name in ("code", *one.replans, *one.renames)}
        facts = Facts(
            "dev", plan={}, replans=replans, logs={}, artefacts={},
            repair={"before": {}, "after": {}}, destroy_leftovers=[], remote=[], probe=[],
        )  # fmt: skip
        result = run_checks(one, facts, include_hidden=True)
        assert (result.status, result.score) == ("graded", 0), result.to_json()
        assert result.max_score == one.points
