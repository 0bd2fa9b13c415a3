"""How points are spread, as bars."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

WIDTH, HEIGHT = 640, 200
"""Of the drawing, in its own units; the bars stand on ``BASE``."""
BASE = 165
_TOP = 22
_MOST_BINS = 10
_GAP = 6


@dataclass(frozen=True)
class Bar:
    """One bin: what it counts, and where its bar is drawn."""

    low: int
    high: int
    count: int
    x: float
    width: float
    height: float

    @property
    def label(self) -> str:
        """The points that it counts."""
        return f"{self.low}" if self.low == self.high else f"{self.low}-{self.high}"

    @property
    def middle(self) -> float:
        """Where its labels stand."""
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        """Its upper edge."""
        return BASE - self.height


class Histogram:
    """Whole points from 0 to a maximum, in at most ten bins of about the same width.

    Args:
        values: the points; the maximum belongs to the last bin.
        maximum: the most that there can be.
    """

    width, height, base = WIDTH, HEIGHT, BASE

    def __init__(self, values: Iterable[int], maximum: int) -> None:
        self.maximum = maximum
        bins = max(1, min(_MOST_BINS, maximum))
        self._lows = [-(-number * maximum // bins) for number in range(bins)]
        self._counts = [0] * bins
        for value in values:
            number = value * bins // maximum if maximum else 0
            self._counts[max(0, min(bins - 1, number))] += 1

    @cached_property
    def bars(self) -> list[Bar]:
        """The bins in order."""
        highs = [*(low - 1 for low in self._lows[1:]), self.maximum]
        step = WIDTH / len(self._lows)
        scale = (BASE - _TOP) / max(1, *self._counts)
        found = zip(self._lows, highs, self._counts, strict=True)
        return [
            Bar(low, high, count, number * step + _GAP / 2, step - _GAP, round(count * scale, 1))
            for number, (low, high, count) in enumerate(found)
        ]

    @property
    def text(self) -> str:
        """The same in words, for those who cannot see it."""
        parts = (f"de {bar.low} a {bar.high}: {bar.count}" for bar in self.bars if bar.count)
        return "; ".join(parts) or "sin datos"
