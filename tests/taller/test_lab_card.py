"""The card of an exercise whose code Terraform refuses: its error first, the rest in grey."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.taller.mistakes import FILES

from taller.catalog import load_catalog
from taller.checks.refused import said
from taller.lab import Lab, LabError
from taller.lab.errors import CheckFailed, plain
from taller.terraform import Diagnostic, TerraformError

pytestmark = pytest.mark.engine

WRONG = 'resource "docker_volume" "raw" {\n  nmae = "x"\n}\n'


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.setenv("TALLER_HOME", str(tmp_path))
    made = Lab("ej01", prefix=f"t{secrets.token_hex(4)}", banner=False)
    made.write("versions.tf", FILES["versions.tf"], _number=3, _first_line=2)
    yield made
    made.write("main.tf", "")
    made.teardown()


def test_the_card_begins_with_terraforms_error_at_the_students_line(lab: Lab) -> None:
    lab.write("main.tf", WRONG, _number=4, _first_line=2)
    card = lab.check()
    text = card.text()
    assert text.startswith("✗ Terraform no puede con tu código:\ncelda [4], línea 3 (main.tf:2)")
    assert text.count("Causa probable: El argumento «nmae»") == 1
    assert "No encuentro" not in text
    assert "\x1b" not in text + card._repr_html_()
    unjudged = [check for check in card.result.checks if not check.judged]
    assert text.count("antes hay que arreglar lo de arriba") == len(unjudged) >= 5
    assert all(card.hints(check) == [] for check in unjudged)
    assert {c.id for c in card.result.checks if c.passed} == {
        "required_provider",
        "prefix_variable",
    }


def test_a_file_that_cannot_be_read_is_one_box_for_all_checks(lab: Lab) -> None:
    with pytest.raises(LabError):
        lab.write("main.tf", 'resource "docker_volume" "raw" {\n  name = "x"\n', _number=4)
    text = lab.check().text()
    assert text.count("Falta una llave de cierre «}»") == 1
    assert "Pista" not in text


def test_a_check_that_was_asked_for_fails_without_a_hint(lab: Lab) -> None:
    lab.write("main.tf", WRONG)
    with pytest.raises(CheckFailed, match="Terraform todavía no puede con tu código") as caught:
        lab.check("raw_volume_exists")
    assert "pista" not in plain(str(caught.value)).lower()


def test_a_type_in_quotes_fails_at_its_line(lab: Lab) -> None:
    lab.write("main.tf", 'variable "x" {\n  type = "string"\n}\n', _number=5, _first_line=2)
    text = lab.check().text()
    assert "celda [5], línea 3 (main.tf:2)" in text
    assert "El tipo va sin comillas" in text


def test_the_grader_tells_the_same_at_the_file(lab: Lab) -> None:
    lab.write("main.tf", WRONG)
    from taller.checks.gather import gather, live
    from taller.workspace import workspace

    exercise = load_catalog().exercise("ej01")
    bound = live(workspace(lab.prefix, "ej01"), exercise)
    facts = gather(exercise, bound, lab.folder, lab.prefix, ["plan"])
    assert facts.problems["plan"] == (
        'Terraform no puede con tu código:\nmain.tf, línea 2: nmae = "x"\n'
        'Unsupported argument. An argument named "nmae" is not expected here. '
        'Did you mean "name"?\nCausa probable: El argumento «nmae» no existe en este bloque: suele '
        "ser una errata, o pertenece a un bloque interior. ¿Querías decir «name»?"
    )


def test_an_error_without_a_place_is_told_with_its_cause() -> None:
    error = TerraformError("plan", [Diagnostic("error", "Cycle: a, b")])
    assert said(error, {}).startswith("Cycle: a, b.\nCausa probable: Hay un ciclo")
