"""One folder is one exercise; nothing else lists them."""

import shutil
from pathlib import Path

import pytest

from taller.catalog import load_catalog
from taller.errors import EXIT_USAGE, TallerError

ROOT = Path(__file__).parents[2]
EJ01 = "ej01_provider_y_volumenes"


def test_the_repository_lists_its_exercises_in_order() -> None:
    exercises = load_catalog(ROOT).exercises
    assert [exercise.id for exercise in exercises] == sorted(exercise.id for exercise in exercises)
    first = exercises[0]
    assert (first.id, first.name, first.points, first.optional) == ("ej01", EJ01, 10, False)
    assert first.replans == {"otro_prefix": {"prefix": "stg"}}


def test_a_new_folder_is_a_new_exercise(tmp_path: Path) -> None:
    source = ROOT / "content/exercises" / EJ01
    shutil.copytree(source, tmp_path / "content/exercises" / EJ01)
    shutil.copytree(source, tmp_path / "content/exercises/ej09_otro")
    catalog = load_catalog(tmp_path)
    assert [exercise.id for exercise in catalog.exercises] == ["ej01", "ej09"]
    assert catalog.notebook(catalog.exercise("ej09")) == tmp_path / "exercises/ej09_otro.ipynb"


@pytest.mark.parametrize("name", ["ej01", "1", "01", EJ01])
def test_an_exercise_is_found_by_id_number_or_name(name: str) -> None:
    assert load_catalog(ROOT).exercise(name).id == "ej01"


def test_an_unknown_exercise_proposes_the_closest() -> None:
    with pytest.raises(TallerError, match="No existe el ejercicio «ej1»") as raised:
        load_catalog(ROOT).exercise("ej1")
    assert raised.value.exit_code == EXIT_USAGE
    assert "ej01" in raised.value.suggestion


def test_lessons_have_the_title_of_their_first_heading(tmp_path: Path) -> None:
    lesson = tmp_path / "content/lessons/03_capas_de_datos.py"
    lesson.parent.mkdir(parents=True)
    lesson.write_text("# %% [markdown]\n# # Capas de datos\n#\n# Texto.\n", encoding="utf-8")
    (found,) = load_catalog(tmp_path).lessons
    assert (found.id, found.name, found.title) == ("03", "03_capas_de_datos", "Capas de datos")
