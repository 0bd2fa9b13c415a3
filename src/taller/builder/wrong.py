"""Wrong answers: what students really write, each with the verdict that it must get."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taller.catalog import ContentError, Exercise, line_of, read_toml

Json = dict[str, Any]
_KEYS = {"why": str, "fails": list, "score": int, "edits": list, "answers": dict}


@dataclass(frozen=True)
class WrongAnswer:
    """One wrong answer.

    Attributes:
        name: the file's name without ``.toml``.
        why: what is wrong with it, in one Spanish sentence.
        fails: ids of exactly the checks that must not pass, those not run included.
        score: points that it must get.
        sources: grade_id of each answer cell that differs from the reference, to its text.
        path: the file.
    """

    name: str
    why: str
    fails: frozenset[str]
    score: int
    sources: Mapping[str, str]
    path: Path

    def submission(self, solution: Json) -> Json:
        """The solved notebook with this wrong answer in it: what a student would hand in."""
        return with_answers(solution, self.sources)


def with_answers(solution: Json, sources: Mapping[str, str]) -> Json:
    """A copy of a notebook with other texts in some answer cells, by grade_id."""
    notebook = copy.deepcopy(solution)
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in sources:
            cell["source"] = sources[grade_id].splitlines(keepends=True)
    return notebook


def answers(solution: Json) -> dict[str, str]:
    """The text of each answer cell of a notebook, by grade_id."""
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
        for cell in solution["cells"]
        if "answer" in cell["metadata"].get("tags", [])
    }


def read_wrong(exercise: Exercise, solution: Json) -> list[WrongAnswer]:
    """Read the wrong answers of an exercise, sorted by name.

    Raises:
        ContentError: a file is wrong, or an edit does not fit the reference answer.
    """
    reference = answers(solution)
    paths = sorted((exercise.folder / "wrong").glob("*.toml"))
    return [_read(path, reference) for path in paths]


def _read(path: Path, reference: dict[str, str]) -> WrongAnswer:
    data = read_toml(path)
    for key, value in data.items():
        if not isinstance(value, _KEYS.get(key, ())):
            raise ContentError(path, line_of(path, key), f"clave o tipo no válidos: «{key}».")
    for key in ("why", "fails", "score"):
        if key not in data:
            raise ContentError(path, 1, f"falta la clave «{key}».")
    sources = edited_answers(path, data, reference)
    if not sources:
        raise ContentError(path, 1, "no cambia nada: faltan [[edits]] o [answers].")
    return WrongAnswer(
        path.stem, data["why"], frozenset(data["fails"]), data["score"], sources, path
    )


def edited_answers(path: Path, data: Json, reference: dict[str, str]) -> dict[str, str]:
    """The answers that ``[answers]`` replaces and ``[[edits]]`` changes, by grade_id.

    Raises:
        ContentError: there is no such cell, or no such text in it.
    """
    sources: dict[str, str] = {}
    for cell, text in data.get("answers", {}).items():
        _must_exist(path, cell, reference)
        sources[cell] = text.strip("\n")
    for edit in data.get("edits", []):
        if set(edit) != {"cell", "old", "new"}:
            raise ContentError(path, line_of(path, "edits"), "[[edits]] lleva cell, old y new.")
        _must_exist(path, edit["cell"], reference)
        text = sources.get(edit["cell"], reference[edit["cell"]])
        if edit["old"] not in text:
            message = f"la respuesta «{edit['cell']}» no contiene {edit['old']!r}."
            raise ContentError(path, line_of(path, "old"), message)
        sources[edit["cell"]] = text.replace(edit["old"], edit["new"])
    return sources


def _must_exist(path: Path, cell: str, reference: dict[str, str]) -> None:
    if cell not in reference:
        message = f"no hay ninguna celda de respuesta «{cell}»; hay {sorted(reference)}."
        raise ContentError(path, line_of(path, cell), message)
