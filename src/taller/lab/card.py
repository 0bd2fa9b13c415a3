"""The card of an exercise: each check with its points, and hints for those who ask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from taller.checks import Check
from taller.lab.shown import Shown
from taller.result import UNJUDGED, CheckResult, Result

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
    def refused(self) -> str:
        """Terraform's own error, when it is why checks could not be judged; the card begins so."""
        reasons = (check.refused for check in self.result.checks)
        return next((r.partition("\n")[2] or r for r in reasons if r), "")

    def reason(self, check: CheckResult) -> str:
        """Why a check did not pass; what the card begins with is not repeated."""
        return (
            f"{UNJUDGED}: antes hay que arreglar lo de arriba." if check.refused else check.message
        )

    @property
    def cheer(self) -> str:
        """A word to go on with."""
        if self.refused:
            return "Terraform todavía no puede con tu código: empieza por ese error."
        if self.passed:
            return "¡Muy bien! Todo lo que se comprueba aquí está como debe."
        if self.score:
            return "Vas por buen camino: mira qué falta y abre una pista si la necesitas."
        return "Todavía no pasa ninguna; empieza por la primera y abre su pista si la necesitas."

    def hints(self, check: CheckResult) -> list[tuple[int, str, str]]:
        """Level, name and text of each hint of a check; none of what could not be judged."""
        if not check.judged:
            return []
        found = enumerate(self._hints.get(check.id, ()), 1)
        return [(level, LEVELS[min(level, 3) - 1], text) for level, text in found]

    def text(self) -> str:
        """Terraform's error if there is one; one check a line, with the reason below."""
        lines = ["✗ Terraform no puede con tu código:", *self.refused.splitlines(), ""]
        lines = lines if self.refused else []
        lines.append(f"{self.title}: {self.score} de {self.max_score} puntos")
        for check in self.result.checks:
            lines.append(
                f"{mark(check)} {check.points}/{check.max_points}  {check.title}  [{check.id}]"
            )
            if not check.passed:
                lines += [f"     {line}" for line in self.reason(check).splitlines()]
                lines += [f"     Pista: {check.hint}"] * bool(check.hint)
        return "\n".join(lines)


def mark(check: CheckResult) -> str:
    """Passed, not passed, or not judged."""
    return "✓" if check.passed else "✗" if check.judged else "·"
