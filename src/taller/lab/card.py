"""The card of an exercise: each check with its points, and hints for those who ask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from taller.checks import Check
from taller.lab.shown import Shown
from taller.result import CheckResult, Result

LEVELS = ("una pista", "algo más concreto", "la documentación")


@dataclass(frozen=True)
class Hint(Shown):
    """One hint of a check."""

    template = "hint.html"

    title: str
    level: int
    body: str

    def text(self) -> str:
        """The hint."""
        return f"Pista {self.level} · {self.title}: {self.body}"

    __repr__ = Shown.__repr__


class Card(Shown):
    """The verdict on the checks that were run.

    Attributes:
        result: in the grader's own shape.
    """

    template = "card.html"

    def __init__(self, title: str, result: Result, checks: Iterable[Check]) -> None:
        self.title = title
        self.result = result
        self._hints: Mapping[str, tuple[str, ...]] = {check.id: check.hints for check in checks}

    @property
    def score(self) -> int:
        """Points reached."""
        return sum(check.points for check in self.result.checks)

    @property
    def max_score(self) -> int:
        """Points that there are in the checks of this card."""
        return self.result.max_score

    @property
    def passed(self) -> bool:
        """Whether every check of this card passed."""
        return all(check.passed for check in self.result.checks)

    @property
    def failed(self) -> list[str]:
        """The ids of those that did not pass."""
        return [check.id for check in self.result.checks if not check.passed]

    @property
    def percent(self) -> int:
        """Points reached, in percent."""
        return round(100 * self.score / self.max_score) if self.max_score else 0

    @property
    def cheer(self) -> str:
        """A word to go on with."""
        if self.passed:
            return "¡Muy bien! Todo lo que se comprueba aquí está como debe."
        if self.score:
            return "Vas por buen camino: mira qué falta y abre una pista si la necesitas."
        return "Todavía no pasa ninguna; empieza por la primera y abre su pista si la necesitas."

    def hints(self, check: CheckResult) -> list[tuple[int, str, str]]:
        """Level, name and text of each hint of a check."""
        found = enumerate(self._hints.get(check.id, ()), 1)
        return [(level, LEVELS[min(level, 3) - 1], text) for level, text in found]

    def text(self) -> str:
        """One check a line, with the reason below those that did not pass."""
        lines = [f"{self.title}: {self.score} de {self.max_score} puntos"]
        for check in self.result.checks:
            mark = "✓" if check.passed else "✗"
            lines.append(f"{mark} {check.points}/{check.max_points}  {check.title}  [{check.id}]")
            if not check.passed:
                lines += [f"     {line}" for line in check.message.splitlines()]
                lines += [f"     Pista: {check.hint}"] * bool(check.hint)
        return "\n".join(lines)
