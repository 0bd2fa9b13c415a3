"""A student's answers, found in what was handed in and put into the pristine exercise."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from taller.grading.read import Cell, InvalidNotebook, Notebook

Json = dict[str, Any]

_BY_ID, _BY_GRADE_ID = 1.0, 0.95
_SAME_MAGIC = 0.9
_ALIKE = 0.5
"""The least similarity (difflib's ratio) at which a cell may be an answer."""
_COMPARED = 1200
"""Characters of a cell that are compared: the time grows with their square."""
_CANDIDATES, _CLOSEST = 200, 4
"""Cells that may be an answer, and those of them that are compared in full with it."""
_SHOWN = 10
"""Flags of one kind."""
_WRITES = re.compile(r"\s*%%(?:hcl|writefile|file)[ \t]+(?:-a[ \t]+)?(\S+)")


@dataclass(frozen=True)
class Answer:
    """What one answer cell of the exercise becomes.

    Attributes:
        grade_id: of the answer cell.
        sources: texts of the cells to run in its place: the answer, and cells added beside it.
        confidence: 1 by cell id, 0.95 by grade_id, less by similarity, 0 when nothing was found
            and the cell stays as it was given out.
    """

    grade_id: str
    sources: tuple[str, ...]
    confidence: float


@dataclass(frozen=True)
class Aligned:
    """All answers of a submission, in the order of the exercise, and remarks on them."""

    answers: tuple[Answer, ...]
    flags: tuple[str, ...]

    def sources(self) -> dict[str, tuple[str, ...]]:
        """The texts by grade_id: all that a submission is."""
        return {answer.grade_id: answer.sources for answer in self.answers}


def align(pristine: Notebook, submitted: Notebook) -> Aligned:
    """Find each answer of an exercise in a submission.

    Args:
        pristine: the exercise as it was given out.
        submitted: what came back.

    Raises:
        InvalidNotebook: nothing in it is of the exercise.
    """
    return _Alignment(pristine, submitted).aligned()


class _Alignment:
    def __init__(self, pristine: Notebook, submitted: Notebook) -> None:
        self._wanted = [cell for cell in pristine.cells if "answer" in cell.tags]
        others = [c for c in pristine.cells if "answer" not in c.tags and c.kind == "code"]
        self._given_ids = {cell.id: cell for cell in others if cell.id}
        self._given_grade_ids = {cell.grade_id for cell in others if cell.grade_id}
        self._given_sources = {cell.source.strip() for cell in others}
        known = {cell.id for cell in pristine.cells if cell.id}
        self._is_ours = any(cell.id in known for cell in submitted.cells)
        self._cells = [cell for cell in submitted.cells if cell.kind == "code"]
        self._owner: dict[int, str] = {}
        self._confidence: dict[str, float] = {}
        self._flags: list[str] = [*submitted.flags]

    def aligned(self) -> Aligned:
        for cell in self._wanted:
            self._claim(cell, [i for i, c in self._free() if c.id and c.id == cell.id], _BY_ID)
        for cell in self._missing():
            found = [i for i, c in self._free() if c.grade_id and c.grade_id == cell.grade_id]
            self._claim(cell, found, _BY_GRADE_ID)
        self._by_similarity()
        self._require_ours()
        self._neighbours()
        return Aligned(tuple(self._answer(cell) for cell in self._wanted), tuple(self._flags))

    def _free(self) -> Iterator[tuple[int, Cell]]:
        return ((i, c) for i, c in enumerate(self._cells) if i not in self._owner)

    def _missing(self) -> list[Cell]:
        return [cell for cell in self._wanted if cell.grade_id not in self._confidence]

    def _claim(self, cell: Cell, indexes: Sequence[int], confidence: float) -> None:
        if not indexes:
            return
        self._owner |= dict.fromkeys(indexes, cell.grade_id)
        self._confidence[cell.grade_id] = confidence
        if len(indexes) > 1:
            self._flags.append(f"respuesta {cell.grade_id}: {len(indexes)} copias, van todas")

    def _by_similarity(self) -> None:
        """The most alike pair first, until nothing is alike enough."""
        free = ((i, c) for i, c in self._free() if c.source.strip() and not self._is_given(c))
        unknown = list(islice(free, _CANDIDATES))
        pairs = [
            (ratio, cell, i)
            for cell in self._missing()
            for ratio, i in _closest(cell.source, [(i, c.source) for i, c in unknown])
        ]
        for ratio, cell, index in sorted(pairs, key=lambda pair: (-pair[0], pair[2])):
            taken = index in self._owner or cell.grade_id in self._confidence
            if ratio >= _ALIKE and not taken:
                self._claim(cell, [index], round(min(ratio, _SAME_MAGIC), 2))
                self._flags.append(f"respuesta {cell.grade_id}: hallada por parecido ({ratio:.2f})")

    def _require_ours(self) -> None:
        if not (self._is_ours or self._confidence or any(map(self._is_given, self._cells))):
            raise InvalidNotebook(
                "Este notebook no es el del ejercicio: no tiene ninguna de sus celdas.",
                "Descarga otra vez el notebook del ejercicio, pon en él tus respuestas y "
                "entrégalo.",
            )

    def _is_given(self, cell: Cell) -> bool:
        """Whether a cell that is no answer was in the exercise, perhaps changed since."""
        return (
            "injected-parameters" in cell.tags
            or cell.id in self._given_ids
            or cell.grade_id in self._given_grade_ids
            or cell.source.strip() in self._given_sources
        )

    def _neighbours(self) -> None:
        """Added cells go with the answer before them, or else with the one right after.

        Those that lie elsewhere count when they write a file: it may be written nowhere else.
        """
        before: str | None = None
        waiting: list[int] = []
        far: list[int] = []
        for index, cell in enumerate(self._cells):
            owner = self._owner.get(index)
            if owner is not None:
                self._owner |= dict.fromkeys(waiting, owner)
                before, waiting = owner, []
            elif self._is_given(cell):
                self._note_given(cell)
                far += waiting
                before, waiting = None, []
            elif before is not None:
                self._owner[index] = before
            else:
                waiting.append(index)
        self._place([*far, *waiting])

    def _note_given(self, cell: Cell) -> None:
        given = self._given_ids.get(cell.id)
        if given is None or "parameters" in given.tags:  # each has her own prefix
            return
        if cell.source.strip() != given.source.strip():
            self._flag(f"celda {cell.id} cambiada: el cambio no tiene efecto")

    def _place(self, far: Sequence[int]) -> None:
        """Give the added cells that write a file to an answer; say what became of each."""
        lost = 0
        for index in far:
            file = written_file(self._cells[index].source)
            owner = self._best_owner(index, file) if file else None
            if owner is None:
                lost += bool(self._cells[index].source.strip())
            else:
                self._owner[index] = owner
                self._flag(f"celda añadida lejos de una respuesta: cuenta, porque escribe {file}")
        if lost:
            self._flags.append(f"{lost} celdas añadidas lejos de una respuesta: no cuentan")

    def _best_owner(self, index: int, file: str) -> str | None:
        """The answer to which a cell belongs: the last before it that writes the same file.

        Else the first after it that does, the last before it, the first of all.
        """
        owned = sorted(self._owner.items())
        same = {c.grade_id for c in self._wanted if written_file(c.source) == file}
        before = [answer for at, answer in owned if at < index]
        after = [answer for at, answer in owned if at > index]
        unclaimed = [c.grade_id for c in self._wanted if c.grade_id in same]
        ranked = [
            *(answer for answer in reversed(before) if answer in same),
            *(answer for answer in after if answer in same),
            *unclaimed, *reversed(before), *after,
        ]  # fmt: skip
        return ranked[0] if ranked else None

    def _flag(self, text: str) -> None:
        if len(self._flags) < _SHOWN * _SHOWN:
            self._flags.append(text)

    def _answer(self, cell: Cell) -> Answer:
        own = [c.source for i, c in enumerate(self._cells) if self._owner.get(i) == cell.grade_id]
        if not own:
            self._flags.append(f"respuesta {cell.grade_id}: no está; queda como se entregó")
        confidence = self._confidence.get(cell.grade_id, 0.0)
        return Answer(cell.grade_id, tuple(own) or (cell.source,), confidence)


def written_file(source: str) -> str:
    """The file that a cell writes as a whole, by its magic; or nothing."""
    found = _WRITES.match(source)
    return found[1] if found else ""


def _closest(given: str, found: Sequence[tuple[int, str]]) -> list[tuple[float, int]]:
    """The cells that are most alike to one that was given out, with how much they are.

    The same cell magic with the same file name says most.
    """
    first = _first_line(given)
    if first.startswith("%%"):
        same = [(_SAME_MAGIC, index) for index, text in found if _first_line(text) == first]
        if same:
            return same
    matcher = difflib.SequenceMatcher(None, autojunk=False)
    matcher.set_seq2(given[:_COMPARED])
    rough: list[tuple[float, int, str]] = []
    for index, text in found:
        matcher.set_seq1(text[:_COMPARED])
        if matcher.real_quick_ratio() >= _ALIKE and (ratio := matcher.quick_ratio()) >= _ALIKE:
            rough.append((ratio, index, text[:_COMPARED]))
    rough.sort(key=lambda one: (-one[0], one[1]))
    exact = []
    for _, index, text in rough[:_CLOSEST]:
        matcher.set_seq1(text)
        exact.append((matcher.ratio(), index))
    return exact


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0].strip()
