"""Cases: answers that differ from the official one, each with the verdict of a good teacher."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taller.builder.wrong import answers, edited_answers, with_answers
from taller.catalog import Catalog, ContentError, Exercise, line_of, read_toml

Json = dict[str, Any]

_KEYS: dict[str, type] = {
    "exercise": str, "why": str, "status": str, "score": int, "fails": list, "says": str,
    "edits": list, "answers": dict, "added": list,
}  # fmt: skip
_REQUIRED = ("exercise", "why", "score")


@dataclass(frozen=True)
class Case:
    """One answer and its verdict.

    Attributes:
        name: the file's name without ``.toml``.
        exercise: whose answer it is.
        why: what it is, and why this verdict is right.
        status, score: what it must get.
        fails: ids of exactly the checks that do not pass; None where that is not said.
        says: what a message or a flag must say; empty when nothing is asked.
        sources: grade_id of each answer cell that differs, to its text.
        added: cells that the student added: the grade_id of the answer before, and the text.
    """

    name: str
    exercise: Exercise
    why: str
    status: str
    score: int
    fails: frozenset[str] | None
    says: str
    sources: Mapping[str, str]
    added: tuple[tuple[str, str], ...]

    def notebook(self, solution: Json) -> Json:
        """What the student hands in."""
        handed_in = with_answers(solution, self.sources)
        cells = handed_in["cells"]
        for number, (after, source) in enumerate(reversed(self.added)):
            place = next(i for i, cell in enumerate(cells) if cell["id"] == f"answer-{after}")
            added: Json = {
                "cell_type": "code", "id": f"added-{number}", "metadata": {}, "outputs": [],
                "execution_count": None, "source": source.splitlines(keepends=True),
            }  # fmt: skip
            cells.insert(place + 1, added)
        return handed_in


def read_cases(folder: Path, catalog: Catalog, solutions: Mapping[str, Json]) -> list[Case]:
    """Read the cases of a folder, sorted by name.

    Args:
        folder: with one TOML file a case.
        catalog: the exercises.
        solutions: exercise id to its solved notebook.

    Raises:
        ContentError: a file is wrong, or an edit does not fit the official answer.
    """
    return [_read(path, catalog, solutions) for path in sorted(folder.glob("*.toml"))]


def _read(path: Path, catalog: Catalog, solutions: Mapping[str, Json]) -> Case:
    data = read_toml(path)
    for key, value in data.items():
        if not isinstance(value, _KEYS.get(key, ())):
            raise ContentError(path, line_of(path, key), f"clave o tipo no válidos: «{key}».")
    for key in _REQUIRED:
        if key not in data:
            raise ContentError(path, 1, f"falta la clave «{key}».")
    exercise = catalog.exercise(data["exercise"])
    reference = answers(solutions[exercise.id])
    added = tuple((one["after"], one["source"].strip("\n")) for one in data.get("added", []))
    for after, _ in added:
        if after not in reference:
            raise ContentError(path, line_of(path, "added"), f"no hay respuesta «{after}».")
    fails = frozenset(data["fails"]) if "fails" in data else None
    return Case(
        path.stem, exercise, data["why"], data.get("status", "graded"), data["score"], fails,
        data.get("says", ""), edited_answers(path, data, reference), added,
    )  # fmt: skip
