"""Who only waits: neither it nor what works for it elsewhere has used the processor for a while."""

import time
from collections.abc import Callable

Elsewhere = Callable[[], float]
"""Processor seconds, so far, of what works for a sandbox outside of it; it never goes back."""

_QUIET_SHARE = 0.03
"""Of one processor: who waits looks up now and then, which is no work."""
_LOOK_SECONDS = 1.0


def nothing_elsewhere() -> float:
    """Nothing works for it outside."""
    return 0.0


class Idleness:
    """For how long nobody has worked.

    Args:
        limit: seconds by the clock.
        elsewhere: asked only while the sandbox itself is quiet, for it may be a slow question.
        is_held_up: whether somebody in it has work and waits for a processor or the disk just now.
    """

    def __init__(self, limit: float, elsewhere: Elsewhere, is_held_up: Callable[[], bool]) -> None:
        self._limit = limit
        self._elsewhere = elsewhere
        self._is_held_up = is_held_up
        self._next = time.monotonic()
        self._begin(0.0, 0.0)

    def is_reached(self, own: float) -> bool:
        """Whether the limit is reached.

        Args:
            own: processor seconds of the sandbox so far.
        """
        now = time.monotonic()
        if own - self._own > _QUIET_SHARE * self._limit:
            self._begin(own, self._others)
            return False
        if now < self._next:
            return False
        self._next = now + _LOOK_SECONDS
        others = self._elsewhere()
        if others - self._others > _QUIET_SHARE * self._limit:
            self._begin(own, others)
            return False
        self._looks += 1
        self._held_up += self._is_held_up()
        if now - self._since <= self._limit:
            return False
        if self._held_up * 2 > self._looks:  # a slow disk or a crowded machine is nobody's answer
            self._begin(own, others)
            return False
        return True

    def _begin(self, own: float, others: float) -> None:
        """Whoever works now begins anew."""
        self._since = time.monotonic()
        self._own, self._others = own, others
        self._looks = self._held_up = 0
