"""One change of one line of an official answer, and what is said about it beforehand."""

import fnmatch
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from taller.builder.script import Cell, read_script
from taller.builder.solution import answered_lines, split
from taller.catalog import ContentError, Exercise, read_toml
from taller.trials.changes_hcl import hcl_edits
from taller.trials.changes_python import python_edits

REASONS = "mutants.toml"
Verdict = Literal["harmless", "essential"]


@dataclass(frozen=True)
class Change:
    """An official answer with one change in it.

    Attributes:
        id: the answer's grade_id, what was done, and the line that it was done to.
        grade_id: of the answer.
        source: its new text.
    """

    id: str
    grade_id: str
    source: str


def changes(exercise: Exercise) -> list[Change]:
    """Every single change of the lines that a student writes.

    Lines are dropped (an attribute, a block, an element, a statement), flipped (true and false),
    hard-coded (what a variable or a reference says), swapped (with the next of its name) and put
    off by one (a number, a letter).
    """
    path = exercise.folder / "notebook.py"
    cells = [cell for cell in read_script(path) if cell.tag == "answer"]
    solved = {str(cell.grade_id): split(path, cell).solved for cell in cells}
    known = {"var.prefix": "dev", **{f"var.{k}": v for k, v in exercise.variables.items()}}
    seen: Counter[str] = Counter()
    found = []
    for cell in cells:
        text = solved[str(cell.grade_id)]
        for what, line, source in _edits(cell, text, list(solved.values()), known):
            id_ = f"{cell.grade_id} · {what} · {' '.join(line.split())}"
            seen[id_] += 1
            unique = id_ if seen[id_] == 1 else f"{id_} ({seen[id_]})"
            found.append(Change(unique, str(cell.grade_id), source))
    return found


def _edits(
    cell: Cell, text: str, all_texts: list[str], known: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    lines = answered_lines(cell)
    if text.startswith("%%hcl"):
        return hcl_edits(text, lines, all_texts, known)
    return python_edits(text, lines)


@dataclass
class Reasons:
    """What the author says of changes: ``[harmless]``, those that may cost nothing, and
    ``[essential]``, those that may cost more than others, because they undo what the exercise is
    about. A key is a change's id, with ``*`` for any text; a value says why."""

    said: Mapping[Verdict, Mapping[str, str]]

    def why(self, verdict: Verdict, change: str) -> str:
        """The reason given for a change; empty when there is none."""
        for pattern, reason in self.said[verdict].items():
            if fnmatch.fnmatchcase(change, _literally(pattern)):
                return reason
        return ""

    def idle(self, ids: Iterable[str]) -> list[str]:
        """Patterns that fit none of these changes."""
        known = list(ids)
        patterns = (pattern for verdict in self.said.values() for pattern in verdict)
        return [one for one in patterns if not fnmatch.filter(known, _literally(one))]


def _literally(pattern: str) -> str:
    """Only ``*`` is special: HCL is full of brackets."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


def read_reasons(exercise: Exercise) -> Reasons:
    """Read what stands in the exercise's folder.

    Raises:
        ContentError: another table, or a reason that is no text.
    """
    path = exercise.folder / REASONS
    data = read_toml(path) if path.is_file() else {}
    for table, reasons in data.items():
        if table not in ("harmless", "essential") or not isinstance(reasons, Mapping):
            raise ContentError(path, 1, f"hay [harmless] y [essential]; no «{table}».")
        for key, reason in reasons.items():
            if not isinstance(reason, str) or not reason.strip():
                raise ContentError(path, 1, f"falta la razón de «{key}».")
    return Reasons({"harmless": data.get("harmless", {}), "essential": data.get("essential", {})})
