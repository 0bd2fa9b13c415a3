"""The generated folders as a whole: rendered in memory, then written or compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from taller import quizzes
from taller.builder.exercise import build_exercise, build_lesson
from taller.builder.notebook import dumps
from taller.builder.quizzes import lesson_questions
from taller.catalog import ContentError, load_catalog

GENERATED = ("notebooks", "exercises", "solutions")
_DOCUMENTS = ("AUTHORING.md", "COVERAGE.md", "release/README.md", "release/Makefile")
_EXERCISE_FILES = ("exercise.toml", "notebook.py", "checks.py", "mutants.toml")


@dataclass(frozen=True)
class Difference:
    """A generated file that is not what ``content/`` says."""

    path: Path
    kind: Literal["missing", "stale", "extra"]


def render(root: Path) -> dict[Path, str]:
    """What should be on disk: path relative to ``root`` to text.

    Raises:
        ContentError: something in ``content/`` is wrong, or nothing lists it.
    """
    _refuse_unlisted(root)
    catalog = load_catalog(root)
    files: dict[Path, str] = {}
    for lesson in catalog.lessons:
        files[Path("notebooks", f"{lesson.name}.ipynb")] = dumps(build_lesson(lesson.path))
    asked = [question for lesson in catalog.lessons for question in lesson_questions(lesson)]
    files[quizzes.FILE] = quizzes.packed(asked)
    for exercise in catalog.exercises:
        built = build_exercise(exercise)
        files[Path("exercises", f"{exercise.name}.ipynb")] = dumps(built.stub)
        files[Path("solutions", f"{exercise.name}.ipynb")] = dumps(built.solved)
    return files


def compare(root: Path, files: dict[Path, str]) -> list[Difference]:
    """The differences between what is on disk and what should be, sorted by path."""
    found = {path.relative_to(root) for path in _notebooks(root)}
    differences = [Difference(path, "extra") for path in found - set(files)]
    for path, text in files.items():
        if path not in found:
            differences.append(Difference(path, "missing"))
        elif (root / path).read_bytes() != text.encode():
            differences.append(Difference(path, "stale"))
    return sorted(differences, key=lambda difference: difference.path)


def write(root: Path, files: dict[Path, str]) -> list[Difference]:
    """Make the disk agree; returns what had to change. Unchanged files are not touched."""
    differences = compare(root, files)
    for difference in differences:
        path = root / difference.path
        if difference.kind == "extra":
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[difference.path].encode())
    return differences


def build(root: Path) -> list[Difference]:
    """Render and write everything; returns what had to change.

    Raises:
        ContentError: something in ``content/`` is wrong; nothing was written then.
    """
    return write(root, render(root))


def _notebooks(root: Path) -> Iterator[Path]:
    for folder in GENERATED:
        # Jupyter's own .ipynb_checkpoints are a student's backup, not ours to judge or remove.
        yield from (root / folder).glob("*.ipynb")
    if (root / quizzes.FILE).is_file():
        yield root / quizzes.FILE


def _refuse_unlisted(root: Path) -> None:
    """Every file below ``content/`` has a place; a forgotten or misnamed one is an error."""
    content = root / "content"
    listed = {content / name for name in _DOCUMENTS}
    catalog = load_catalog(root)
    listed |= {lesson.path for lesson in catalog.lessons}
    listed |= {quizzes.quiz_file(lesson.path) for lesson in catalog.lessons}
    for exercise in catalog.exercises:
        listed |= {exercise.folder / name for name in _EXERCISE_FILES}
        listed |= set((exercise.folder / "wrong").glob("*.toml"))
    for path in sorted(content.rglob("*")):
        if path.is_file() and path not in listed and path.suffix != ".pyc":
            raise ContentError(path, 1, "nada usa este archivo: ¿nombre o carpeta equivocados?")
