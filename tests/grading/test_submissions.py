"""What a real folder of submissions looks like, and whose notebook is graded in it."""

from pathlib import Path

import pytest

from taller.catalog import load_catalog
from taller.errors import EXIT_USAGE, TallerError
from taller.grading.submissions import find_submissions, students

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
        for one in find_submissions(submitted, CATALOG, frozenset())
    }


def ignored(submitted: Path) -> list[str]:
    (one,) = find_submissions(submitted, CATALOG, frozenset())
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
    assert all(not one.ignored for one in find_submissions(submitted, CATALOG, frozenset()))


def test_a_student_who_handed_in_nothing_that_counts_is_still_one(submitted: Path) -> None:
    hand_in(submitted, f"ana/{NAME}", "carlos/tarea.docx")
    assert students(submitted) == ["ana", "carlos"]


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
    assert students(submitted) == ["Ana García_1234"]


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


def test_a_notebook_of_nobody_is_an_error_that_says_what_to_do(submitted: Path) -> None:
    hand_in(submitted, f"ana/{NAME}", "ej01_de_no_se_quien.ipynb")
    with pytest.raises(TallerError, match="ej01_de_no_se_quien") as caught:
        find_submissions(submitted, CATALOG, frozenset())
    assert "carpeta con el nombre" in caught.value.suggestion
    assert caught.value.exit_code == EXIT_USAGE


def test_other_loose_files_are_nobody_s_business(submitted: Path) -> None:
    hand_in(submitted, f"ana/{NAME}", "lista.csv", "notas.ipynb", "entregas.zip")
    assert list(graded(submitted)) == [("ana", "ej01")]
