"""How far a student has come: the table of 00_bienvenida and 10_ejercicios."""

from datetime import datetime

from taller.catalog import Exercise, load_catalog
from taller.lab.records import read_progress
from taller.lab.shown import Shown
from taller.workspace import chosen_prefix, workspaces_folder


class ProgressTable(Shown):
    """Every exercise with the points reached so far."""

    template = "progress_table.html"

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.rows = [_row(exercise, prefix) for exercise in load_catalog().exercises]

    @property
    def score(self) -> int:
        """Points reached in all exercises."""
        return sum(score for _, score, _, _ in self.rows)

    @property
    def max_score(self) -> int:
        """Points that can be reached in a notebook."""
        return sum(most for _, _, most, _ in self.rows)

    def text(self) -> str:
        """One exercise a line."""
        lines = [
            f"{exercise.id}  {score:>3}/{most:<3} {exercise.title}"
            for exercise, score, most, _ in self.rows
        ]
        return "\n".join([f"Tu progreso: {self.score} de {self.max_score} puntos", *lines])


def progress_table(prefix: str | None = None) -> ProgressTable:
    """The exercises and the points reached with this prefix, as last checked."""
    return ProgressTable(chosen_prefix() if prefix is None else prefix)


def _row(exercise: Exercise, prefix: str) -> tuple[Exercise, int, int, str]:
    from taller.checks.engine import select  # only this table, and checks, pay for it

    found = read_progress(workspaces_folder() / prefix / exercise.id / ".taller")
    visible = {check.id: check.points for check in select(exercise)}
    score = sum(points for name, points in found.points.items() if name in visible)
    return exercise, score, sum(visible.values()), _local(found.updated)


def _local(moment: str) -> str:
    """When it was, on the reader's clock; "" for never."""
    if not moment:
        return ""
    return datetime.fromisoformat(moment).astimezone().strftime("%d/%m/%Y %H:%M")
