"""Single changes of official answers: which there are, and what an author may say of them."""

import shutil
from pathlib import Path

import pytest

from taller.catalog import ContentError, Exercise, load_catalog
from taller.result import CheckResult, Result
from taller.trials.change import Change, changes, read_reasons
from taller.trials.changes_hcl import hcl_edits
from taller.trials.changes_python import python_edits
from taller.trials.mutants import Mutant

CATALOG = load_catalog(Path(__file__).parents[2])

HCL = """\
%%hcl main.tf
resource "docker_network" "n" {
  name     = "${var.prefix}_net"
  internal = true
  limit    = 3
  words    = ["a", "b"]

  labels {
    name = docker_network.n.name
  }
}"""


def edits() -> dict[tuple[str, str], str]:
    every = range(1, len(HCL.splitlines()))
    found = hcl_edits(HCL, every, [HCL], {"var.prefix": "dev"})
    return {(what, line.strip()): text for what, line, text in found}


def test_a_block_goes_as_a_whole() -> None:
    text = edits()["drop", "labels {"]
    assert "labels" not in text
    assert text.endswith('words    = ["a", "b"]\n\n}')


@pytest.mark.parametrize(
    ("what", "line", "new"),
    [
        ("flip", "internal = true", "internal = false"),
        ("off by one", "limit    = 3", "limit    = 4"),
        ("off by one", 'name     = "${var.prefix}_net"', '"${var.prefix}_ne"'),
        ("hard-code", 'name     = "${var.prefix}_net"', 'name     = "dev_net"'),
        ("hard-code", "name = docker_network.n.name", 'name = "dev_net"'),
        ("swap", "name = docker_network.n.name", 'name = "${var.prefix}_net"'),
        ('drop "a" of', 'words    = ["a", "b"]', 'words    = ["b"]'),
    ],
)
def test_a_line_of_hcl_changes_in_each_of_these_ways(what: str, line: str, new: str) -> None:
    assert new in edits()[what, line]


def test_lines_that_the_statement_gives_do_not_change() -> None:
    assert {line for _, line, _ in hcl_edits(HCL, [3], [HCL], {})} == {"  internal = true"}


@pytest.mark.parametrize(
    ("text", "what", "new"),
    [
        ("x = True", "flip", "x = False"),
        ("y = 'ñandú' == x", "flip", "y = 'ñandú' != x"),
        ("lab.init(migrate_state=True)", "drop migrate_state of", "lab.init()"),
        ("f('s3')", "off by one 's3' of", "f('s')"),
        ("f(1)", "drop", "pass"),
    ],
)
def test_a_line_of_python_changes_in_each_of_these_ways(text: str, what: str, new: str) -> None:
    assert new in {changed for done, _, changed in python_edits(text, [0]) if done == what}


def test_every_exercise_has_changes_with_ids_of_their_own() -> None:
    for exercise in CATALOG.exercises:
        ids = [change.id for change in changes(exercise)]
        assert len(ids) == len(set(ids)) >= 15, exercise.id


@pytest.fixture
def exercise(tmp_path: Path) -> Exercise:
    """A copy of exercise 1."""
    original = CATALOG.exercise("ej01")
    folder = tmp_path / original.name
    shutil.copytree(original.folder, folder)
    return Exercise(**{**original.__dict__, "folder": folder})


def test_a_reason_fits_the_changes_that_its_pattern_names(exercise: Exercise) -> None:
    (exercise.folder / "mutants.toml").write_text(
        "[harmless]\n'* · drop · description = *' = 'No cambia nada.'\n'other' = 'x'\n", "utf-8"
    )
    reasons = read_reasons(exercise)
    ids = [change.id for change in changes(exercise)]
    explained = [id_ for id_ in ids if reasons.why("harmless", id_)]
    assert explained
    assert all("description" in id_ for id_ in explained)
    assert reasons.idle(ids) == ["other"]


@pytest.mark.parametrize("text", ["[other]\n'a' = 'b'", "[harmless]\n'a' = ''", "harmless = 1"])
def test_a_reason_must_be_one(exercise: Exercise, text: str) -> None:
    (exercise.folder / "mutants.toml").write_text(text, "utf-8")
    with pytest.raises(ContentError):
        read_reasons(exercise)


@pytest.mark.parametrize(
    ("score", "message", "reason", "unexplained"),
    [
        (10, "", "", True),
        (10, "", "harmless", False),
        (9, "", "", False),
        (5, "", "", True),
        (5, "Terraform no puede: …", "", False),
        (5, "", "essential", False),
    ],
)
def test_what_costs_nothing_or_too_much_wants_a_reason(
    score: int, message: str, reason: str, unexplained: bool
) -> None:
    check = CheckResult("a", "A", score, 10, score == 10, message)
    result = Result("ej01", "graded", score, 10, (check,))
    assert Mutant(Change("x", "main_tf", ""), result, reason).is_unexplained is unexplained
