"""Where tasks run: processes of this machine, or the workers of a cluster (cluster.py).

A task is a pure function of what it is given; nothing but its result comes back, and only the
coordinator writes. A worker that dies takes no more with it than what it was grading.
"""

import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, Self, TypeVar

from taller.grading.parent import end_with

Label = TypeVar("Label")
Item = TypeVar("Item")
Answer = TypeVar("Answer")
_Item = TypeVar("_Item", contravariant=True)

_LOOK_SECONDS = 5.0
"""How often a pool is asked whether it is still there, while nothing comes back."""


@dataclass(frozen=True)
class Lost:
    """What became of an item that has no answer, for the instructor."""

    reason: str


class Pool(Protocol[_Item, Answer]):
    """Something that works elsewhere; a context manager that leaves nothing running.

    Attributes:
        width: how many items to have under way at a time.
    """

    width: int

    def submit(self, item: _Item) -> "Future[Answer]":
        """Hand an item out. Its future fails with BrokenExecutor when all of them were lost."""

    def renew(self) -> None:
        """Go on after a BrokenExecutor."""

    def require_alive(self) -> None:
        """Make sure that answers can still come.

        Raises:
            TallerError: there is nothing left that could answer.
        """

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


def answers(
    pool: Pool[Item, Answer], items: Iterable[tuple[Label, Item]]
) -> Iterator[tuple[Label, Answer | Lost]]:
    """Hand out labelled items, and give the answers with their labels in the order they come.

    No more than ``pool.width`` items are drawn ahead, so that memory does not grow with them.

    Raises:
        TallerError: the pool is gone.
    """
    queue = iter(items)
    running: dict[Future[Answer], tuple[Label, Item]] = {}
    while True:
        for label, item in islice(queue, pool.width - len(running)):
            running[pool.submit(item)] = label, item
        if not running:
            return
        done, _ = wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
        if not done:
            pool.require_alive()
        elif any(map(_is_broken, done)):
            yield from _one_by_one(pool, running)
            running = {}
        else:
            yield from [(running.pop(future)[0], _outcome(future)) for future in done]


def _one_by_one(
    pool: Pool[Item, Answer], running: "dict[Future[Answer], tuple[Label, Item]]"
) -> Iterator[tuple[Label, Answer | Lost]]:
    """Of several that were lost together, find the one that is to blame: each goes alone."""
    wait(running)
    pool.renew()
    for first, (label, item) in running.items():
        future = first
        if _is_broken(first):
            future = pool.submit(item)
            wait([future])
            if _is_broken(future):
                pool.renew()
        yield label, _outcome(future)


def _is_broken(future: "Future[Any]") -> bool:
    return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


def _outcome(future: "Future[Any]") -> Any:
    try:
        return future.result()
    except BrokenExecutor:
        return Lost("El proceso que la calificaba murió, quizá por falta de memoria en el equipo.")
    except CancelledError:
        return Lost("El clúster perdió esta tarea.")
    except Exception as error:  # noqa: BLE001 - whatever a worker says is for the instructor
        return Lost("".join(traceback.format_exception(error)))


class LokyPool(Generic[Item, Answer]):
    """Processes of this machine, each with one item at a time (joblib's loky).

    Args:
        function: what is done with an item.
        jobs: number of processes.
        clear: removes what processes that died have left; called when none of them is left.
    """

    def __init__(
        self, function: Callable[[Item], Answer], jobs: int,
        clear: Callable[[], object] = lambda: None,
    ) -> None:  # fmt: skip
        self._function = function
        self._clear = clear
        self.width = jobs
        self._executor = self._start()

    def submit(self, item: Item) -> "Future[Answer]":
        """Hand an item to the next process that is free."""
        future: Future[Answer] = self._executor.submit(self._function, item)
        return future

    def renew(self) -> None:
        """Start all processes anew: loky gives them all up when one dies."""
        self._executor.shutdown(wait=True, kill_workers=True)
        self._clear()
        self._executor = self._start()

    def require_alive(self) -> None:
        """Nothing: the futures of dead processes say so themselves."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._executor.shutdown(wait=True, kill_workers=True)

    def _start(self) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor

        return ProcessPoolExecutor(self.width, initializer=end_with, initargs=(os.getpid(),))
