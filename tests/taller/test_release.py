"""Students get a folder that works on its own and holds neither answers nor hidden checks."""

import ast
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from taller.builder.rules import ANNOUNCED
from taller.builder.wrong import answers
from taller.catalog import Exercise, load_catalog
from taller.checks import load_checks
from taller.errors import TallerError
from taller.release import Release, make_release
from taller.result import UNJUDGED

ROOT = Path(__file__).parents[2]
CATALOG = load_catalog(ROOT)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return make_release(ROOT, tmp_path_factory.mktemp("dist"))


def texts(release: Release) -> Iterator[tuple[Path, str]]:
    """Every text file, and every cell of every notebook as the text that it shows."""
    for path in release.folder.rglob("*"):
        if path.suffix == ".ipynb":
            for cell in json.loads(path.read_text())["cells"]:
                yield path, "".join(cell["source"])
        elif path.is_file() and path.suffix != ".csv":
            yield path, path.read_text()


def python(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the release as the only source of the workshop's packages."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(folder / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, *args], cwd=folder, env=environment, text=True, capture_output=True
    )


def answers_not_given(exercise: Exercise) -> set[str]:
    """What a student has to find: the answers that no given cell of the solution shows already."""
    solution = json.loads(CATALOG.solution(exercise).read_text())
    bodies = {
        text.partition("\n")[2].strip() if text.startswith("%%") else text.strip()
        for text in answers(solution).values()
    }
    cells = (cell for cell in solution["cells"] if "answer" not in cell["metadata"].get("tags", ()))
    given = "\n".join("".join(cell["source"]) for cell in cells)
    return {body for body in bodies if body not in given}


@pytest.mark.parametrize("exercise", CATALOG.exercises, ids=lambda exercise: exercise.id)
def test_no_answer_is_in_what_belongs_to_its_exercise(release: Release, exercise: Exercise) -> None:
    """Later exercises and lessons may begin with what earlier ones taught."""
    secrets = answers_not_given(exercise)
    assert secrets
    own = [(path, text) for path, text in texts(release) if exercise.name in str(path)]
    assert own
    assert [path for path, text in own for secret in secrets if secret in text] == []


def test_nothing_of_a_hidden_check_but_its_announcement_is_in_any_file(release: Release) -> None:
    hidden = [
        check
        for exercise in CATALOG.exercises
        for check in load_checks(exercise.checks_file)
        if check.hidden
    ]
    assert hidden
    for path, text in texts(release):
        if text.startswith(ANNOUNCED) or path.name == "standard.py":
            continue  # told by title and points, and what most rubrics ask is no secret
        for check in hidden:
            assert check.title not in text, path
            assert f"def {check.id}(" not in text, path
            assert f"\n{check.id} = " not in text, path


def test_there_are_no_solutions_content_or_instructor_tools(release: Release) -> None:
    for name in ("solutions", "content", "tests", "bench", "src/taller/grading",
                 "src/taller/builder", "src/taller/release.py"):  # fmt: skip
        assert not (release.folder / name).exists(), name


def test_nothing_imports_what_was_left_out(release: Release) -> None:
    for path in release.folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                assert not node.module.startswith(
                    ("taller.grading", "taller.builder", "taller.release")
                ), path


def test_the_catalogue_and_the_visible_checks_work_from_the_release_alone(
    release: Release,
) -> None:
    done = python(release.folder, "-c", (
        "import json, taller, pathlib\n"
        "from taller.catalog import Exercise, load_catalog\n"
        "from taller.checks import Facts, run_checks\n"
        "catalog = load_catalog()\n"
        "assert pathlib.Path(taller.__file__).is_relative_to(catalog.root), taller.__file__\n"
        "names = [n for e in catalog.exercises for n in (*e.replans, *e.renames)]\n"
        "facts = Facts('dev', plan={}, logs={}, artefacts={}, remote=[], probe=[],\n"
        "              replans=dict.fromkeys(('code', *names), {}))\n"
        "results = {e.id: run_checks(e, facts).to_dict() for e in catalog.exercises}\n"
        "assert all(catalog.pristine(e).parent == e.folder for e in catalog.exercises)\n"
        "print(json.dumps(results))\n"
    ))  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert list(results) == [exercise.id for exercise in CATALOG.exercises]
    for exercise in CATALOG.exercises:
        visible = [c.id for c in load_checks(exercise.checks_file) if not c.hidden]
        result = results[exercise.id]
        assert [check["id"] for check in result["checks"]] == visible
        assert result["score"] == 0
        for check in result["checks"]:
            assert bool(check["hint"]) is not check["message"].startswith(UNJUDGED)


def test_the_command_line_works_from_the_release_alone(release: Release) -> None:
    done = python(release.folder, "-m", "taller", "--help")
    assert done.returncode == 0, done.stderr
    assert "release" not in done.stdout
    listed = python(release.folder, "-m", "taller", "list")
    assert listed.returncode == 0, listed.stderr
    assert all(exercise.title in listed.stdout for exercise in CATALOG.exercises)


def test_its_jupyterlab_opens_with_the_settings_that_come_with_it(release: Release) -> None:
    asked = subprocess.run(
        ["make", "--dry-run", "lab"], cwd=release.folder, text=True, capture_output=True
    )
    assert asked.returncode == 0, asked.stderr
    config = asked.stdout.partition("jupyter lab --config=")[2].split()[0]
    assert (release.folder / config).is_file()


def test_the_zip_holds_the_folder_and_is_the_same_each_time(
    release: Release, tmp_path: Path
) -> None:
    again = make_release(ROOT, tmp_path)
    assert again.archive.read_bytes() == release.archive.read_bytes()
    with zipfile.ZipFile(release.archive) as packed:
        names = set(packed.namelist())
    assert {"taller-titanic/Makefile", "taller-titanic/README.md"} <= names
    files = {p.relative_to(release.folder.parent).as_posix()
             for p in release.folder.rglob("*") if p.is_file()}  # fmt: skip
    assert names == files


def test_an_earlier_release_is_replaced(tmp_path: Path) -> None:
    first = make_release(ROOT, tmp_path)
    (first.folder / "exercises" / "viejo.ipynb").write_text("{}")
    make_release(ROOT, tmp_path)
    assert not (first.folder / "exercises" / "viejo.ipynb").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "taller-titanic", "taller-titanic.zip",
    ]  # fmt: skip


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "taller-titanic" / "mío.txt"
    mine.parent.mkdir()
    mine.write_text("no tocar")
    with pytest.raises(TallerError, match="ya existe y no es una entrega"):
        make_release(ROOT, tmp_path)
    assert mine.read_text() == "no tocar"
