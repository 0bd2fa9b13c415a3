"""Notebooks are generated from content/: the same bytes every time, answers only in solutions."""

import ast
import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from taller.builder import build, compare, render
from taller.catalog import load_catalog
from taller.checks import load_checks

ROOT = Path(__file__).parents[2]
EJ01 = "ej01_provider_y_volumenes"


@pytest.fixture(scope="module")
def rendered() -> dict[Path, str]:
    return render(ROOT)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with exercise 1 and a lesson of its own."""
    shutil.copytree(ROOT / "content/exercises" / EJ01, tmp_path / "content/exercises" / EJ01)
    lesson = tmp_path / "content/lessons/00_bienvenida.py"
    lesson.parent.mkdir()
    lesson.write_text('# %% [markdown]\n# # Hola\n\n# %% tags=["parameters"]\nprefix = "dev"\n')
    return tmp_path


def cells(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["cells"]
    return found


def ids(text: str) -> list[str]:
    return [cell["id"] for cell in cells(text)]


def notebooks(rendered: dict[Path, str]) -> dict[Path, str]:
    """All but the file of the questions."""
    return {path: text for path, text in rendered.items() if path.suffix == ".ipynb"}


def test_what_is_committed_is_what_build_makes(rendered: dict[Path, str]) -> None:
    assert compare(ROOT, rendered) == [], "run: taller build"


def test_every_notebook_is_valid_and_has_no_outputs(rendered: dict[Path, str]) -> None:
    for path, text in notebooks(rendered).items():
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
        assert text.endswith("}\n"), path
        assert all(cell.get("outputs", []) == [] for cell in notebook.cells), path


def test_every_python_cell_compiles_in_exercises_and_solutions(rendered: dict[Path, str]) -> None:
    for path, text in notebooks(rendered).items():
        for cell in cells(text):
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and not source.startswith("%%"):
                ast.parse(source, str(path))


def test_nothing_of_the_solution_is_in_the_exercise(rendered: dict[Path, str]) -> None:
    stub = rendered[Path("exercises", f"{EJ01}.ipynb")]
    solved = rendered[Path("solutions", f"{EJ01}.ipynb")]
    assert 'resource \\"docker_volume\\" \\"gold\\"' in solved
    assert "SOLUTION" not in solved + stub
    assert "resource" not in "".join("".join(c["source"]) for c in cells(stub) if is_answer(c))
    assert stub.count("# TODO: ") == 4


def is_answer(cell: dict[str, Any]) -> bool:
    return "answer" in cell["metadata"].get("tags", [])


def test_a_region_becomes_a_todo_at_its_own_indentation(rendered: dict[Path, str]) -> None:
    (versions,) = (
        "".join(cell["source"])
        for cell in cells(rendered[Path("exercises", f"{EJ01}.ipynb")])
        if cell["id"] == "answer-versions_tf"
    )
    assert versions.startswith("%%hcl versions.tf\nterraform {\n  # TODO: pide el provider docker")


def test_hcl_below_a_cell_magic_is_kept_as_written(tree: Path) -> None:
    hcl = "# ls de volúmenes\n\n# !nota\n\n\ncat = <<-EOT\n  # cd aquí\nEOT"
    lesson = tree / "content/lessons/00_bienvenida.py"
    text = f"# %% tags=[\"parameters\"]\nprefix = 'a'\n\n# %%\n# %%hcl main.tf\n{hcl}\n\n# %%\n1\n"
    lesson.write_text(text, encoding="utf-8")
    notebook = render(tree)[Path("notebooks/00_bienvenida.ipynb")]
    assert "".join(cells(notebook)[1]["source"]) == f"%%hcl main.tf\n{hcl}"


def test_a_second_build_changes_nothing(tree: Path) -> None:
    kinds = {difference.kind for difference in build(tree)}
    assert kinds == {"missing"}
    assert build(tree) == []


def test_build_names_stale_missing_and_extra_files_and_mends_them(tree: Path) -> None:
    build(tree)
    exercise = tree / "exercises" / f"{EJ01}.ipynb"
    exercise.write_text(exercise.read_text() + " ")
    (tree / "solutions" / f"{EJ01}.ipynb").unlink()
    (tree / "notebooks/99_viejo.ipynb").write_text("{}")
    found = {str(d.path): d.kind for d in compare(tree, render(tree))}
    assert found == {
        f"exercises/{EJ01}.ipynb": "stale",
        "notebooks/99_viejo.ipynb": "extra",
        f"solutions/{EJ01}.ipynb": "missing",
    }
    build(tree)
    assert compare(tree, render(tree)) == []


def test_a_new_cell_leaves_the_ids_of_all_others_alone(tree: Path) -> None:
    name = Path("exercises", f"{EJ01}.ipynb")
    before = ids(render(tree)[name])
    script = tree / "content/exercises" / EJ01 / "notebook.py"
    text = script.read_text()
    script.write_text(
        text.replace("# %% [markdown]\n# ## 2.", "# %%\n1 + 1\n\n# %% [markdown]\n# ## 2.")
    )
    after = ids(render(tree)[name])
    assert len(after) == len(before) + 1
    assert [id_ for id_ in after if id_ in before] == before


def test_cell_ids_are_the_same_in_exercise_and_solution(rendered: dict[Path, str]) -> None:
    for exercise in load_catalog(ROOT).exercises:
        name = f"{exercise.name}.ipynb"
        assert ids(rendered[Path("exercises", name)]) == ids(rendered[Path("solutions", name)])


def test_two_equal_cells_get_two_ids(rendered: dict[Path, str]) -> None:
    found = ids(rendered[Path("exercises", f"{EJ01}.ipynb")])
    assert len(found) == len(set(found))


def test_check_cells_carry_the_points_of_their_visible_checks(rendered: dict[Path, str]) -> None:
    points = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]["points"]
        for cell in cells(rendered[Path("exercises", f"{EJ01}.ipynb")])
        if "check" in cell["metadata"].get("tags", [])
    }
    assert points == {"provider": 2, "volumes": 3, "outputs": 2, "idempotence": 1, "other": 1}


def test_what_only_the_grader_tries_is_announced_with_its_points(
    rendered: dict[Path, str],
) -> None:
    for exercise in load_catalog(ROOT).exercises:
        hidden = [c for c in load_checks(exercise.checks_file) if c.hidden]
        for folder in ("exercises", "solutions"):
            shown = cells(rendered[Path(folder, f"{exercise.name}.ipynb")])
            lines = [line for cell in shown for line in "".join(cell["source"]).splitlines()]
            told = [line for line in lines if line.startswith("El calificador además prueba")]
            assert len(told) == bool(hidden), exercise.id
            for check in hidden:
                assert f"«{check.title}» ({check.points} punto" in told[0]


def test_nbgrader_accepts_the_cells_metadata(rendered: dict[Path, str]) -> None:
    from nbgrader.nbgraderformat.v3 import MetadataValidatorV3

    validator = MetadataValidatorV3()
    for path, text in notebooks(rendered).items():
        notebook = nbformat.reads(text, as_version=4)
        validator.validate_nb(notebook)
        graded = [c.metadata.nbgrader for c in notebook.cells if "nbgrader" in c.metadata]
        assert bool(graded) == (path.parts[0] != "notebooks")
        assert {g.schema_version for g in graded} <= {3}
