"""An author's mistakes are errors with file and line, and nothing is written."""

import shutil
from pathlib import Path

import pytest

from taller.builder import build
from taller.catalog import ContentError

ROOT = Path(__file__).parents[2]
EJ01 = "ej01_provider_y_volumenes"
BEGIN = "### BEGIN SOLUTION: declara tres docker_volume (raw, silver y gold) cuyo nombre"
CHECK = '@check(\n    "Los outputs dan'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of exercise 1 in a repository of its own."""
    target = tmp_path / "content/exercises" / EJ01
    shutil.copytree(ROOT / "content/exercises" / EJ01, target)
    return target


def line_of(path: Path, text: str) -> int:
    lines = path.read_text().splitlines()
    return next(n for n, line in enumerate(lines, 1) if text in line)


def fails(folder: Path) -> ContentError:
    root = folder.parents[2]
    with pytest.raises(ContentError) as raised:
        build(root)
    assert not (root / "exercises").exists()
    assert str(raised.value).startswith(f"{raised.value.path}:{raised.value.line}: ")
    return raised.value


@pytest.mark.parametrize(
    ("file", "old", "new", "at", "words"),
    [
        ("notebook.py", BEGIN, f"### BEGIN SOLUTION: a\n{BEGIN}", BEGIN, "dentro de otra"),
        ("notebook.py", BEGIN, "# nada", "", "84: END SOLUTION sin su BEGIN"),
        ("notebook.py", "### END SOLUTION\n\n# %% [markdown]\n# ## 3", "\n# %% [markdown]\n# ## 3",
         BEGIN, "sin su END"),
        ("notebook.py", f"{BEGIN} empiece por el prefijo", "### BEGIN SOLUTION:", "", "72: falta"),
        ("notebook.py", BEGIN, "## BEGIN SOLUTION: x", "## BEGIN SOLUTION: x", "mal escrito"),
        ("notebook.py", 'tags=["answer"] grade_id="main_tf"', "", "%%hcl main.tf",
         "lleva una región"),
        ("notebook.py", 'grade_id="main_tf"', "", "%%hcl main.tf", "llevan grade_id"),
        ("notebook.py", 'grade_id="main_tf"', 'grade_id="Main TF"', "%%hcl main.tf", "minúsculas"),
        ("notebook.py", 'grade_id="main_tf"', 'grade_id="volumes"', "", "«volumes» repetido"),
        ("notebook.py", '["answer"] grade_id="main_tf"', '["respuesta"]', "", "no válidas"),
        ("notebook.py", 'grade_id="main_tf"', 'grade_id="main_tf" name="x"', "", "metadatos"),
        ("notebook.py", '# %% tags=["parameters"]', "# %%", "", "«parameters», y hay 0"),
        ("notebook.py", '# %% tags=["teardown"]', "# %%", "", "«teardown», y hay 0"),
        ("notebook.py", "lab.teardown()", "lab.teardown()\n\n# %%\n1", "", "última celda"),
        ("notebook.py", 'lab.check("plan_is_empty")', "lab.check()", "", "llama a lab.check"),
        ("notebook.py", '"plan_is_empty"', '"destroy_leaves_nothing"', "", "visible «destroy_"),
        ("notebook.py", '"other_prefix"', '"plan_is_empty"', "", "está en 2 celdas"),
        ("notebook.py", "# %% [markdown]\n# # Ej", "texto\n# %%\n# # Ej", "texto", "empezar"),
        ("notebook.py", "lab.picture()", "", "", "vacía"),
        ("checks.py", "points=2", "points=3", "", "suman 11 puntos y aquí pone 10"),
        ("checks.py", "points=2", "points=0", "def outputs_name_volumes", "más que cero"),
        ("checks.py", "def other_prefix(", "def (", "def (", "Python no válido"),
        ("checks.py", 'needs=("code",)', 'needs=("plano",)', "def required_provider", "needs desc"),
        ("checks.py", 'needs=("code",)', 'needs=("destroy",)', "def required_provider", "ocultos"),
        ("checks.py", "def other_prefix", "def plan_is_empty", "", "ya hay otra función"),
        ("checks.py", "empty(points=1)", 'empty(points=1, depends_on=("nada",))', "plan_is_e",
         "no está antes"),
        ("checks.py", "points=2,\n    hints", "points=2,\n    hidden=True,\n    hints", "",
         "no lleva pistas"),
        ("checks.py", "plan_is_empty = standard", "other_prefix = standard", "def other", "ya hay"),
        ("exercise.toml", "points = 10", "points = 11", "points = 11", "aquí pone 11"),
        ("exercise.toml", "points = 10", "puntos = 10", "", "falta la clave «points»"),
        ("exercise.toml", "optional = false", "optional = 0", "optional = 0", "de tipo bool"),
        ("exercise.toml", "optional = false", "optional = false\na = 1", "a =", "desconocida"),
        ("exercise.toml", "optional = false", "optional = no", "optional", "TOML no válido"),
        ("wrong/sin_version.toml", "score = 9", "score = 8", "score", "debe ser 9"),
        ("wrong/sin_version.toml", "required_provider", "nada", "fails", "desconocidos"),
        ("wrong/sin_version.toml", "~> 3.0", "~> 4.0", "old", "no contiene"),
        ("wrong/sin_version.toml", '"versions_tf"', '"versions"', "", "ninguna celda de respuesta"),
        ("wrong/sin_version.toml", "why =", "because =", "", "because"),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_where_it_is(
    folder: Path, file: str, old: str, new: str, at: str, words: str
) -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    error = fails(folder)
    assert words in str(error)
    if at:
        assert abs(error.line - line_of(error.path, at)) <= 1, error


def test_every_level_of_hint_is_required(folder: Path) -> None:
    path = folder / "checks.py"
    path.write_text(
        path.read_text().replace(
            '        "Un output se lee de un atributo del recurso, no se copia a mano.",\n', ""
        )
    )
    assert "lleva 2 pistas; deben ser 3" in str(fails(folder))


def test_eight_wrong_answers_are_required(folder: Path) -> None:
    for path in sorted((folder / "wrong").iterdir())[7:]:
        path.unlink()
    assert "hay 7 respuestas erróneas" in str(fails(folder))


@pytest.mark.parametrize("name", ["notebook.py", "checks.py", "exercise.toml"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    error = fails(folder)
    assert error.path == folder / name
    assert "falta este archivo" in str(error)


@pytest.mark.parametrize(
    "place", ["apuntes.md", "lessons/3_capas.py", "exercises/ejercicio9/exercise.toml",
              f"exercises/{EJ01}/wrong/otra.txt"],
)  # fmt: skip
def test_a_file_that_nothing_lists_is_an_error(folder: Path, place: str) -> None:
    stray = folder.parents[1] / place
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_text("")
    error = fails(folder)
    assert error.path == stray
    assert "nada usa este archivo" in str(error)


def test_a_lesson_with_an_answer_is_an_error(folder: Path) -> None:
    lesson = folder.parents[1] / "lessons/00_bienvenida.py"
    lesson.parent.mkdir()
    lesson.write_text(
        '# %% tags=["parameters"]\nprefix = "dev"\n\n# %%\n### BEGIN SOLUTION: x\n'
        "### END SOLUTION\n"
    )
    error = fails(folder)
    assert (error.path, error.line) == (lesson, 4)
