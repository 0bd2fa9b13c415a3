"""What a real folder of submissions looks like, and whose notebook is graded in it."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from taller.catalog import load_catalog
from taller.errors import EXIT_USAGE, TallerError
from taller.grading.submissions import NOBODY, collect

CATALOG = load_catalog(Path(__file__).parents[2])
EJ01, EJ02 = CATALOG.exercise("ej01"), CATALOG.exercise("ej02")
NAME = f"{EJ01.name}.ipynb"


@pytest.fixture
def submitted(tmp_path: Path) -> Path:
    return tmp_path / "submitted"


def hand_in(submitted: Path, *names: str, text: str = "{}") -> None:
    for name in names:
        path = submitted / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def graded(submitted: Path) -> dict[tuple[str, str], str]:
    """Student and exercise to the file that is graded."""
    return {
        (one.student, one.exercise.id): str(one.path.relative_to(submitted))
        for one in collect(submitted, CATALOG).submissions
    }


def ignored(submitted: Path) -> list[str]:
    (one,) = collect(submitted, CATALOG).submissions
    return [str(path.relative_to(submitted)) for path in one.ignored]


def test_what_nbgrader_collects_is_read_with_its_extras_left_aside(submitted: Path) -> None:
    hand_in(
        submitted,
        f"ana/volumenes/{NAME}",
        "ana/volumenes/timestamp.txt",
        "ana/volumenes/submission_secret.txt",
        f"ana/volumenes/.ipynb_checkpoints/{EJ01.name}-checkpoint.ipynb",
        "ana/volumenes/.~ej01_provider_y_volumenes.ipynb",
        "ana/volumenes/notas.ipynb",
        f"ana/imagen/{EJ02.name}.ipynb",
        f"berta/volumenes/{NAME}",
        f"berta/__MACOSX/volumenes/._{NAME}",
        ".DS_Store",
        f".nbgrader/x/{NAME}",
    )
    assert graded(submitted) == {
        ("ana", "ej01"): f"ana/volumenes/{NAME}",
        ("ana", "ej02"): f"ana/imagen/{EJ02.name}.ipynb",
        ("berta", "ej01"): f"berta/volumenes/{NAME}",
    }
    assert all(not one.ignored for one in collect(submitted, CATALOG).submissions)


def test_a_student_who_handed_in_nothing_that_counts_is_still_one(submitted: Path) -> None:
    hand_in(submitted, f"ana/{NAME}", "carlos/tarea.docx")
    found = collect(submitted, CATALOG)
    assert found.students == ("ana", "carlos")
    assert found.strays["carlos"] == (
        "no ha entregado ningún notebook (.ipynb), sino: tarea.docx.",
    )


@pytest.mark.parametrize(
    "copy",
    [f"{EJ01.name}-Copy1.ipynb", f"{EJ01.name} (1).ipynb", f"{EJ01.name}-checkpoint.ipynb",
     "ej01.ipynb", "EJ01_FINAL.IPYNB"],
)  # fmt: skip
def test_a_copy_is_not_graded_but_named(submitted: Path, copy: str) -> None:
    hand_in(submitted, f"ana/ej01/{copy}", f"ana/ej01/{NAME}")
    assert graded(submitted) == {("ana", "ej01"): f"ana/ej01/{NAME}"}
    assert ignored(submitted) == [f"ana/ej01/{copy}"]


def test_a_copy_alone_is_graded(submitted: Path) -> None:
    hand_in(submitted, f"ana/{EJ01.name} (1).ipynb")
    assert list(graded(submitted)) == [("ana", "ej01")]


def test_of_several_attempts_the_last_is_graded(submitted: Path) -> None:
    hand_in(submitted, *(f"ana/intento_{number}/{NAME}" for number in (1, 2, 10)))
    assert graded(submitted) == {("ana", "ej01"): f"ana/intento_10/{NAME}"}
    assert ignored(submitted) == [f"ana/intento_2/{NAME}", f"ana/intento_1/{NAME}"]


def test_the_time_that_nbgrader_wrote_says_which_attempt_is_the_last(submitted: Path) -> None:
    times = {
        "a": "2026-03-02 10:00:00.000000 UTC",
        "b": "2026-03-02 11:30:00.000000 +0200",  # 9:30 UTC
        "c": "2026-03-01 23:00:00",
        "d": "ayer",
    }
    for folder, time in times.items():
        hand_in(submitted, f"ana/{folder}/{NAME}")
        hand_in(submitted, f"ana/{folder}/timestamp.txt", text=time)
    assert graded(submitted) == {("ana", "ej01"): f"ana/a/{NAME}"}
    assert [Path(name).parts[1] for name in ignored(submitted)] == ["b", "c", "d"]


def test_a_copy_kept_in_a_folder_below_is_not_taken_for_an_attempt(submitted: Path) -> None:
    hand_in(submitted, f"ana/viejo/{NAME}", f"ana/{NAME}")
    assert graded(submitted) == {("ana", "ej01"): f"ana/{NAME}"}


@pytest.mark.parametrize(
    "place",
    [
        f"Ana García_1234_assignsubmission_file/{NAME}",
        f"Ana García_1234_assignsubmission_file_/{NAME}",  # before Moodle 4
        f"Ana García_1234_assignsubmission_file_{NAME}",  # without «folders»
    ],
)
def test_a_download_of_moodle_is_read(submitted: Path, place: str) -> None:
    hand_in(submitted, place, "Ana García_1234_assignsubmission_onlinetext/onlinetext.html")
    assert graded(submitted) == {("Ana García_1234", "ej01"): place}
    assert collect(submitted, CATALOG).students == ("Ana García_1234",)


@pytest.mark.parametrize(
    ("place", "student"),
    [
        (f"garcíaana_1234_567890_{NAME}", "garcíaana_1234"),
        (f"garcíaana_LATE_1234_567890_{EJ01.name}-2.ipynb", "garcíaana_1234"),
        (f"garcia_ruizana_1234_567890_{NAME}", "garcia_ruizana_1234"),
        (f"anon_x7Ab2_567890_{NAME}", "anon_x7Ab2"),
    ],
)
def test_a_download_of_canvas_is_read(submitted: Path, place: str, student: str) -> None:
    hand_in(submitted, place)
    assert graded(submitted) == {(student, "ej01"): place}


def test_a_notebook_of_nobody_is_named_and_the_class_is_graded(submitted: Path) -> None:
    hand_in(submitted, f"ana/{NAME}", "ej01_de_no_se_quien.ipynb")
    found = collect(submitted, CATALOG)
    assert [one.student for one in found.submissions] == ["ana"]
    (line,) = found.strays[NOBODY]
    assert "ej01_de_no_se_quien" in line
    assert "carpeta con el nombre" in line


def test_where_there_is_nothing_else_the_error_names_it(submitted: Path) -> None:
    hand_in(submitted, "ej01_de_no_se_quien.ipynb", "ana/notas.txt")
    with pytest.raises(TallerError, match="nada que calificar") as caught:
        collect(submitted, CATALOG)
    assert "ej01_de_no_se_quien" in caught.value.suggestion
    assert "notas.txt" in caught.value.suggestion
    assert caught.value.exit_code == EXIT_USAGE


def test_other_loose_files_are_nobody_s_business(submitted: Path) -> None:
    hand_in(submitted, f"ana/{NAME}", "lista.csv", "notas.ipynb", "entregas.zip")
    assert list(graded(submitted)) == [("ana", "ej01")]


# --- names that say nothing, or something else --------------------------------

SOLUTIONS = {one.id: CATALOG.solution(one).read_text("utf-8") for one in CATALOG.exercises}


def without_ids(text: str) -> str:
    tree = json.loads(text)
    tree["cells"] = [
        {**cell, "id": f"x{n}", "metadata": {}} for n, cell in enumerate(tree["cells"])
    ]
    return json.dumps(tree)


@pytest.mark.parametrize(
    "name",
    [f"Copia de {EJ01.name}.ipynb", "Ejercicio 1.ipynb", "ej01 (1).ipynb", "final_FINAL.ipynb",
     "Untitled.ipynb", f"{EJ01.name}.ipynb.txt", "entrega\xa01.IPYNB", "ej1.ipynb",
     "ej02_imagen_del_pipeline.ipynb"],
)  # fmt: skip
@pytest.mark.parametrize("change", [str, without_ids])
def test_what_is_in_a_notebook_says_what_it_answers(
    submitted: Path, name: str, change: Callable[[str], str]
) -> None:
    hand_in(submitted, f"ana/{name}", text=change(SOLUTIONS["ej01"]))
    assert graded(submitted) == {("ana", "ej01"): f"ana/{name}"}
    found = collect(submitted, CATALOG)
    assert not found.strays
    assert all(name in line for line in found.submissions[0].remarks)


def test_every_exercise_is_told_from_the_others(submitted: Path) -> None:
    for number, (id_, text) in enumerate(SOLUTIONS.items()):
        hand_in(submitted, f"ana/a{number}.ipynb", text=text)
        hand_in(submitted, f"berta/b{number}.ipynb", text=without_ids(text))
        assert graded(submitted)["ana", id_] == f"ana/a{number}.ipynb"
        assert graded(submitted)["berta", id_] == f"berta/b{number}.ipynb"


def test_two_notebooks_with_their_names_exchanged_are_both_graded(submitted: Path) -> None:
    hand_in(submitted, f"ana/{NAME}", text=SOLUTIONS["ej02"])
    hand_in(submitted, f"ana/{EJ02.name}.ipynb", text=SOLUTIONS["ej01"])
    assert graded(submitted) == {
        ("ana", "ej01"): f"ana/{EJ02.name}.ipynb",
        ("ana", "ej02"): f"ana/{NAME}",
    }


def test_a_name_alone_decides_when_the_content_says_nothing(submitted: Path) -> None:
    hand_in(submitted, "ana/Ejercicio 1.ipynb", text="{")
    assert graded(submitted) == {("ana", "ej01"): "ana/Ejercicio 1.ipynb"}


OTHER = json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": "import pandas"}]})


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("modulo_de_otro_curso.ipynb", OTHER, "no es de ningún ejercicio de este taller"),
        ("ej42_otro.ipynb", OTHER, "no es de ningún ejercicio de este taller"),
        ("roto.ipynb", "{", "no se puede leer"),
        ("ej01.zip", "PK", "no es un notebook"),
        ("ej01_provider_y_volumenes.html", "<p>", "no es un notebook"),
        ("practica.docx", "x", "no ha entregado ningún notebook (.ipynb), sino: practica.docx"),
        ("ej05_mio.ipynb", "LESSON", "es la lección 05"),
    ],
)
def test_what_is_not_graded_is_named_for_its_student(
    submitted: Path, name: str, text: str, says: str
) -> None:
    lesson = CATALOG.root / "notebooks" / "05_organizacion_terraform.ipynb"
    hand_in(submitted, f"berta/{NAME}")
    hand_in(submitted, f"ana/{name}", text=lesson.read_text("utf-8") if text == "LESSON" else text)
    found = collect(submitted, CATALOG)
    assert found.students == ("ana", "berta")
    assert [one.student for one in found.submissions] == ["berta"]
    (line,) = found.strays["ana"]
    assert says in line


def test_the_workshop_s_own_lessons_are_no_news(submitted: Path) -> None:
    for path in (CATALOG.root / "notebooks").glob("*.ipynb"):
        hand_in(submitted, f"ana/taller/{path.name}", text=path.read_text("utf-8"))
    hand_in(submitted, f"ana/{NAME}")
    assert not collect(submitted, CATALOG).strays


# --- students, and what is none -----------------------------------------------


@pytest.mark.parametrize(
    ("folder", "student"),
    [
        (b"Ana Garc\xc3\xada", "Ana García"),
        ("Ana\xa0García".encode(), "Ana\xa0García"),
        ("Ana\xadGarcía".encode(), "Ana\xadGarcía"),
        ("🚢 Ñandú 👩‍🔬".encode(), "🚢 Ñandú 👩‍🔬"),
        (b"Jos\xe9", "José"),  # Latin-1
        (b"a\nb\x1b[2J", "a%0Ab%1B[2J"),
        ("\u202eana".encode(), "%202Eana"),
        (b"-rf", "-rf"),
        (b"=1+1", "=1+1"),
        (b"x" * 255, "x" * 191 + "~" + hashlib.sha256(b"x" * 255).hexdigest()[:8]),
    ],
)
def test_names_of_all_kinds_are_students_like_others(
    submitted: Path, folder: bytes, student: str
) -> None:
    hand_in(submitted, f"berta/{NAME}")
    place = os.fsencode(submitted) + b"/" + folder
    Path(os.fsdecode(place)).mkdir()
    shutil.copy(CATALOG.solution(EJ01), os.fsdecode(place + b"/ej01.ipynb"))
    found = collect(submitted, CATALOG)
    assert sorted(found.students) == sorted(["berta", student])
    own = next(one for one in found.submissions if one.student == student)
    assert own.student.encode()
    assert own.path.is_file()
    (submitted.parent / own.student).mkdir()  # as results/ has it


def test_two_names_that_are_written_the_same_stay_two_students(submitted: Path) -> None:
    for folder in ("José".encode(), b"Jos\xe9"):
        Path(os.fsdecode(os.fsencode(submitted) + b"/" + folder)).mkdir(parents=True)
        shutil.copy(
            CATALOG.solution(EJ01),
            os.fsdecode(os.fsencode(submitted) + b"/" + folder + b"/ej01.ipynb"),
        )
    first, second = collect(submitted, CATALOG).students
    assert first == "José"
    assert second.startswith("José~")


def test_what_systems_leave_and_graders_write_is_no_student(submitted: Path) -> None:
    hand_in(
        submitted, f"ana/{NAME}", f"__MACOSX/ana/{NAME}", f".oculta/{NAME}", ".DS_Store",
        "Thumbs.db", "ana/.DS_Store", "desktop.ini", f"graded/feedback/ana/{NAME}",
        "otro/seal.json", f"otro/results/ana/{NAME}",
    )  # fmt: skip
    found = collect(submitted, CATALOG, output=submitted / "graded")
    assert (found.students, found.strays) == (("ana",), {})


def test_links_pipes_and_endless_folders_stop_nobody(submitted: Path) -> None:
    hand_in(submitted, f"ana/{NAME}", f"ana/{'x/' * 25}{EJ02.name}.ipynb", "berta/leeme.txt")
    os.mkfifo(submitted / "ana" / f"{EJ02.name}.ipynb")
    os.mkfifo(submitted / "ana" / "timestamp.txt")
    (submitted / "ana" / "circulo").symlink_to(submitted)
    (submitted / "carla").symlink_to(submitted / "ana")
    (submitted / "berta" / "notas.ipynb").symlink_to("/dev/zero")
    found = collect(submitted, CATALOG)
    assert found.students == ("ana", "berta")
    assert [(one.student, one.exercise.id) for one in found.submissions] == [
        ("ana", "ej01"), ("ana", "ej02"),
    ]  # fmt: skip
    assert "carpetas dentro de carpetas" in found.strays["ana"][0]
    assert "no se puede leer" in found.strays["berta"][0]
    assert "enlace" in found.strays[NOBODY][0]


def test_a_folder_beyond_what_a_path_can_name_is_told(submitted: Path) -> None:
    hand_in(submitted, f"ana/{NAME}")
    here = Path.cwd()
    try:
        os.chdir(submitted / "ana")
        for _ in range(40):
            Path("y" * 200).mkdir()
            os.chdir("y" * 200)
    finally:
        os.chdir(here)
    found = collect(submitted, CATALOG)
    assert len(found.submissions) == 1
    assert found.strays["ana"]


def test_thousands_of_files_are_looked_at_only_so_far(submitted: Path) -> None:
    hand_in(submitted, f"ana/{NAME}")
    (submitted / "ana" / "muchos").mkdir()
    for number in range(10_500):
        (submitted / "ana" / "muchos" / f"{number}.txt").touch()
    found = collect(submitted, CATALOG)
    assert len(found.submissions) == 1
    assert any("más de 10000 archivos" in line for line in found.strays["ana"])
