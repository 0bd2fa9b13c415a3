"""How many objects a tenant may have at a time."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sized
from contextlib import asynccontextmanager

from docker_guard.history import History
from docker_guard.refusal import Refused


class Quota:
    """Lets one object of a kind be created at a time, and none beyond the limit.

    What exists is counted in the engine each time, so a restart of the guard forgets nothing;
    counting and creating happen under one lock, so two creates cannot both take the last place.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def turn(self, kind: str) -> AsyncIterator[None]:
        """Wait until no object of a kind is being created, and let none be."""
        async with self._locks[kind]:
            yield

    @asynccontextmanager
    async def place(
        self, kind: str, limit: int, existing: Callable[[], Awaitable[Sized]], count: int = 1
    ) -> AsyncIterator[None]:
        """Hold a place for an object while it is being created.

        Args:
            kind: plural of the objects, in Spanish.
            limit: how many may exist.
            existing: lists those that exist.
            count: how many places.

        Raises:
            Refused: the limit is reached, or that of all objects that there ever were.
        """
        async with self._locks[kind]:
            self._history.check()
            if count and len(await existing()) + count > limit:
                raise Refused(
                    f"Con esto pasarías de {limit} {kind}, que es el tope. Borra alguno con "
                    "«terraform destroy» o «docker rm» antes de crear otro."
                )
            yield
