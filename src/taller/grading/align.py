"""A student's answers, found in what was handed in and put into the pristine exercise."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from taller.grading.read import Cell, Notebook

Json = dict[str, Any]

_BY_ID, _BY_GRADE_ID = 1.0, 0.95
_SAME_MAGIC = 0.9
_ALIKE = 0.5
"""The least similarity (difflib's ratio) at which a cell may be an answer."""


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
    """
    return _Alignment(pristine, submitted).aligned()


class _Alignment:
    def __init__(self, pristine: Notebook, submitted: Notebook) -> None:
        self._wanted = [cell for cell in pristine.cells if "answer" in cell.tags]
        self._others = [cell for cell in pristine.cells if "answer" not in cell.tags]
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
        unknown = [(i, c) for i, c in self._free() if not self._is_given(c)]
        pairs = sorted(
            ((_alike(cell.source, c.source), cell, i) for cell in self._missing()
             for i, c in unknown),
            key=lambda pair: (-pair[0], pair[2]),
        )  # fmt: skip
        for ratio, cell, index in pairs:
            taken = index in self._owner or cell.grade_id in self._confidence
            if ratio >= _ALIKE and not taken:
                self._claim(cell, [index], round(min(ratio, _SAME_MAGIC), 2))
                self._flags.append(f"respuesta {cell.grade_id}: hallada por parecido ({ratio:.2f})")

    def _is_given(self, cell: Cell) -> bool:
        """Whether a cell that is no answer was in the exercise, perhaps changed since."""
        return "injected-parameters" in cell.tags or any(
            (cell.id and cell.id == other.id)
            or (cell.grade_id and cell.grade_id == other.grade_id)
            or cell.source.strip() == other.source.strip()
            for other in self._others
        )

    def _neighbours(self) -> None:
        """Added cells go with the answer before them, or else with the one right after."""
        before: str | None = None
        waiting: list[int] = []
        for index, cell in enumerate(self._cells):
            owner = self._owner.get(index)
            if owner is not None:
                self._owner |= dict.fromkeys(waiting, owner)
                before, waiting = owner, []
            elif self._is_given(cell):
                self._note_given(cell)
                self._drop(waiting)
                before, waiting = None, []
            elif before is not None:
                self._owner[index] = before
            else:
                waiting.append(index)
        self._drop(waiting)

    def _note_given(self, cell: Cell) -> None:
        for other in self._others:
            if "parameters" in other.tags:  # each has her own prefix, and the grader another
                continue
            if cell.id and cell.id == other.id and cell.source.strip() != other.source.strip():
                self._flags.append(f"celda {cell.id} cambiada: el cambio no tiene efecto")

    def _drop(self, indexes: Sequence[int]) -> None:
        if any(self._cells[i].source.strip() for i in indexes):
            self._flags.append(f"{len(indexes)} celdas añadidas lejos de una respuesta: no cuentan")

    def _answer(self, cell: Cell) -> Answer:
        own = [c.source for i, c in enumerate(self._cells) if self._owner.get(i) == cell.grade_id]
        if not own:
            self._flags.append(f"respuesta {cell.grade_id}: no está; queda como se entregó")
        confidence = self._confidence.get(cell.grade_id, 0.0)
        return Answer(cell.grade_id, tuple(own) or (cell.source,), confidence)


def _alike(given: str, found: str) -> float:
    """How alike two cells are; the same cell magic with the same file name says most."""
    first, second = (text.strip().split("\n", 1)[0].strip() for text in (given, found))
    if first.startswith("%%") and first == second:
        return _SAME_MAGIC
    return difflib.SequenceMatcher(None, given, found, autojunk=False).ratio()
