"""Who only waits: neither it nor what works for it elsewhere has used the processor for a while."""

import time
from collections.abc import Callable

Elsewhere = Callable[[], float]
"""Processor seconds, so far, of what works for a sandbox outside of it; it never goes back."""

_QUIET_SHARE = 0.03
"""Of one processor: who waits looks up now and then, which is no work. On a busy machine whoever
has work gets more than that of a processor, unless thirty others want each of them."""
_LOOK_SECONDS = 1.0


def nothing_elsewhere() -> float:
    """Nothing works for it outside."""
    return 0.0


class Idleness:
    """For how long nobody has worked.

    Args:
        limit: seconds by the clock.
        elsewhere: asked only while the sandbox itself is quiet, for it may be a slow question.
    """

    def __init__(self, limit: float, elsewhere: Elsewhere) -> None:
        self._limit = limit
        self._elsewhere = elsewhere
        self._since = self._next = time.monotonic()
        self._own = self._others = 0.0

    def is_reached(self, own: float) -> bool:
        """Whether the limit is reached.

        Args:
            own: processor seconds of the sandbox so far.
        """
        now = time.monotonic()
        if own - self._own > _QUIET_SHARE * self._limit:
            self._since, self._own = now, own
            return False
        if now < self._next:
            return False
        self._next = now + _LOOK_SECONDS
        others = self._elsewhere()
        if others - self._others > _QUIET_SHARE * self._limit:
            self._since, self._own, self._others = time.monotonic(), own, others
            return False
        return now - self._since > self._limit
