"""The demo's small class: what it hands in, and what happens when a verdict is another."""

import dataclasses
from pathlib import Path

import pytest

from taller.catalog import load_catalog
from taller.demo import graded_class, tables
from taller.demo.graded_class import small_class
from taller.demo.platform import Platform
from taller.demo.show import _show_class
from taller.errors import TallerError
from taller.progress import Progress
from taller.provider import terraform
from taller.workspace import workspace

CATALOG = load_catalog(Path(__file__).parents[2])


@pytest.fixture
def platform(prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.setenv("TALLER_HOME", str(tmp_path))
    place = workspace(prefix, "demo")
    return Platform(place, terraform(place), "r1", {}, 0)


def test_the_class_has_solutions_mistakes_and_two_attackers() -> None:
    handed_in = list(small_class(CATALOG))
    whose = [(one.student, one.exercise.id) for one in handed_in]
    assert len(set(whose)) == len(whose)
    full = [one for one in handed_in if one.score == one.exercise.points]
    assert {one.what for one in full} == {"la solución"}
    assert {"ej01", "ej02", "ej03", "ej04", "ej07"} == {one.exercise.id for one in full}
    assert len([one for one in handed_in if "ataque" in one.what]) == 2
    assert len({str(one.notebook) for one in handed_in}) == len(handed_in)


@pytest.mark.engine
def test_a_verdict_that_is_not_the_expected_one_fails_the_demo(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    denied = next(one for one in small_class(CATALOG) if one.status == "policy_violation")
    asked = dataclasses.replace(denied, status="graded", score=denied.exercise.points)
    monkeypatch.setattr(graded_class, "small_class", lambda _: [asked])
    with pytest.raises(TallerError, match=asked.student):
        _show_class(platform, Progress(), tables.console())
    said = capsys.readouterr().out
    assert "policy_violation" in said
    assert "✗ graded 10/10" in said
    assert str(platform.workspace.folder / "report" / "clase" / "notas" / "report.html") in said
