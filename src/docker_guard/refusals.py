"""What a guard has refused: the first calls whole, and how many more for each reason.

A notebook may make thousands of calls that are refused. The first ones tell what it tried; all of
them together would only be a burden for whoever keeps and reads the verdict.
"""

import re
from collections import Counter

from docker_guard.refusal import Refusal

WHOLE = 10
_LONGEST = 300
_REASONS = 20
_OTHERS = "otros motivos"
_QUOTED = re.compile(r"«[^»]*»?|\d+")
_CALM = 100
_DELAY_SECONDS = 0.25


class Refusals:
    """A record of bounded size.

    Attributes:
        first: the first ten, each text cut to 300 characters.
        more: reason → how many there were besides.
    """

    def __init__(self) -> None:
        self.first: list[Refusal] = []
        self.more: Counter[str] = Counter()

    def add(self, refusal: Refusal) -> None:
        """Keep one more."""
        if len(self.first) < WHOLE:
            cut = Refusal(
                refusal.method[:_LONGEST], _cut(refusal.target), refusal.status,
                _cut(refusal.message),
            )  # fmt: skip
            self.first.append(cut)
            return
        reason = _QUOTED.sub("…", _cut(refusal.message))
        known = reason in self.more or len(self.more) < _REASONS
        self.more[reason if known else _OTHERS] += 1

    @property
    def delay(self) -> float:
        """Seconds to wait before one more is answered: a flood of them must starve nobody."""
        return _DELAY_SECONDS if self.more.total() > _CALM else 0.0

    @property
    def lines(self) -> list[str]:
        """All of it for the instructor: a line for each of the first, and one for the rest."""
        lines = [f"{one.method} {one.target}: {one.message}".strip() for one in self.first]
        if self.more:
            reasons = "; ".join(f"{count} con «{text}»" for text, count in self.more.most_common())
            lines.append(f"y {self.more.total()} peticiones más: {_cut(reasons)}")
        return lines


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
