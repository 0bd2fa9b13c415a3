"""Files that no grader expects: each gets its verdict, and no honest student's changes."""

import copy
import json
from collections.abc import Callable
from typing import Any

import docker
import pytest

pytestmark = pytest.mark.engine

Json = dict[str, Any]
Make = Callable[[Any], bytes]

FULL = 10
"""Points of ej01: what the faults are of no consequence for, keeps them."""

OUTPUT_MB = 60


def heavy(handout: Any) -> bytes:
    """The solution with 60 MB of output in it."""
    text = ["una línea de salida que se repite\n"] * (OUTPUT_MB * 2**20 // 35)
    output = {"output_type": "stream", "name": "stdout", "text": text}

    def fill(cells: list[Json]) -> list[Json]:
        code = next(c for c in cells if c["cell_type"] == "code")
        code["outputs"] = [output]
        return cells

    content: bytes = handout.edited(fill)
    assert len(content) > OUTPUT_MB * 2**20
    return content


def copied(cells: list[Json]) -> list[Json]:
    """An answer cell twice, with the same id, as copying a cell in some editors leaves it."""
    return [copy.deepcopy(c) for c in cells for _ in range(2 if _is(c, "main_tf") else 1)]


def without_answer(cells: list[Json]) -> list[Json]:
    return [c for c in cells if not _is(c, "outputs_tf")]


def without_the_rest(cells: list[Json]) -> list[Json]:
    """Nothing but the answers: neither imports, nor parameters, nor plan, nor checks."""
    return [c for c in cells if "answer" in c["metadata"].get("tags", [])]


def stripped(cells: list[Json]) -> list[Json]:
    """As some tools save notebooks: neither ids nor metadata."""
    return [{**{k: v for k, v in c.items() if k != "id"}, "metadata": {}} for c in cells]


def with_easy_checks(cells: list[Json]) -> list[Json]:
    """The check cells changed, to pass whatever the answer is; and no answer."""
    for cell in cells:
        if "check" in cell["metadata"].get("tags", []):
            cell["source"] = "print('✓ todo bien: 10/10')"
        elif "answer" in cell["metadata"].get("tags", []):
            cell["source"] = "# nada"
    return cells


def old_format(handout: Any) -> bytes:
    worksheet = {"cells": [{"cell_type": "code", "input": "print(1)", "language": "python"}]}
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "worksheets": [worksheet]}).encode()


def _is(cell: Json, grade_id: str) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


FAULTS: dict[str, tuple[Make, str, int, str]] = {
    "truncated": (lambda h: h.bytes()[:-100], "invalid_notebook", 0, "termina antes de tiempo"),
    "empty": (lambda h: b"", "invalid_notebook", 0, "vacío"),
    "not-text": (lambda h: b"PK\x03\x04\xff\xfe" * 99, "invalid_notebook", 0, "no es texto UTF-8"),
    "not-a-notebook": (lambda h: b'{"a": 1}', "invalid_notebook", 0, "no un notebook"),
    "nested-without-end": (lambda h: b"[" * 10**6, "invalid_notebook", 0, "no se puede leer"),
    "nbformat-3": (old_format, "invalid_notebook", 0, "formato 3"),
    "heavy-output": (heavy, "graded", FULL, ""),
    "copied-cell": (lambda h: h.edited(copied), "graded", FULL, "id de celda repetido"),
    "reordered": (lambda h: h.edited(lambda cells: cells[::-1]), "graded", FULL, ""),
    "stripped": (lambda h: h.edited(stripped), "graded", FULL, "celdas sin id"),
    "only-answers": (lambda h: h.edited(without_the_rest), "graded", FULL, ""),
    "deleted-answer": (lambda h: h.edited(without_answer), "graded", FULL - 2, "no está; queda"),
    "easy-checks": (lambda h: h.edited(with_easy_checks), "graded", 0, "no tiene efecto"),
}


@pytest.fixture(scope="module")
def graded(course: Any, ej01: Any) -> Any:
    """The class with every fault, graded once."""
    for name, (make, *_) in FAULTS.items():
        course.hand_in(name, make(ej01))
    honest = course.hand_in("honest", ej01.bytes())
    (course.submitted / "linked" / "ej01").mkdir(parents=True)
    (course.submitted / "linked" / "ej01" / honest.name).symlink_to(honest)
    (course.submitted / "linked-folder").symlink_to(honest.parents[1])
    (course.submitted / "other-name" / "honest" / "ej01").mkdir(parents=True)
    (course.submitted / "other-name" / "honest" / "ej01" / honest.name).write_bytes(b"{}")
    assert course.grade("--jobs", "2") == 0
    return course


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_gets_its_verdict(graded: Any, name: str) -> None:
    _, *expected = FAULTS[name]
    graded.expect(name, *expected)


def test_what_is_wrong_with_a_file_is_said_with_what_to_do(graded: Any) -> None:
    for name, (_, status, *_) in FAULTS.items():
        if status == "invalid_notebook":
            message = graded.result(name)["checks"][0]["message"]
            assert any(word in message for word in ("Guarda", "ntrega", "ntréga", "JupyterLab"))


def test_a_link_in_place_of_the_file_is_not_followed(graded: Any) -> None:
    result = graded.result("linked")
    assert (result["status"], result["score"]) == ("invalid_notebook", 0)
    assert "ni un enlace" in result["checks"][0]["message"]


def test_a_link_in_place_of_a_students_folder_is_no_student(graded: Any) -> None:
    assert not (graded.output / "results" / "linked-folder").exists()


def test_another_students_name_in_the_path_changes_nothing_for_them(graded: Any) -> None:
    assert graded.result("other-name")["status"] == "invalid_notebook"
    result = graded.result("honest")
    assert (result["status"], result["score"], result["attempt"]) == ("graded", FULL, 1)


def test_nothing_is_left_over(graded: Any, engine: docker.DockerClient) -> None:
    graded.wait_for_nothing(engine)
