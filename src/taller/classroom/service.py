"""Serves a class: a guard for each student of the list, for as long as the student is on it."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from docker_guard import Guard, Policy, Tenant
from docker_guard.http import HEAD_LIMIT
from taller.classroom.certificates import Authority, student_of
from taller.classroom.seats import Seat, clear, give, open_folder, seat_of, take, write_roster
from taller.classroom.students import read_students
from taller.errors import TallerError

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with what the instructor asked for

_LOOK_SECONDS = 1.0
"""How often the list is looked at."""


@dataclass
class Classroom:
    """What the command line asked for, and who is being served.

    Attributes:
        students: the list's file; it may change while we serve.
        folder: gets a folder for each student, and the roster.
        upstream: the engine that they share.
        policy: limits of each student.
        listen: host and port of the way by TLS, opened when a student has no other.
        tell: shows a line to the instructor.
    """

    students: Path
    folder: Path
    upstream: str
    policy: Policy
    listen: tuple[str, int]
    tell: Callable[[str], None]
    _guards: dict[str, tuple[Seat, Guard]] = field(default_factory=dict)
    _door: asyncio.Server | None = None

    async def serve(self) -> None:
        """Serve until SIGINT or SIGTERM, then remove all ways in.

        Raises:
            TallerError: the list is not right, or the way by TLS cannot be opened.
            GuardError: a socket cannot be made.
        """
        stop, again = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, again.set)
        self._secret = open_folder(self.folder)
        self._authority = Authority(self.folder)
        try:
            served = _mark(self.students)
            await self._follow(read_students(self.students))
            await self._look_on(served, stop, again)
        finally:
            for student in list(self._guards):
                await self._dismiss(student)
            if self._door is not None:
                self._door.close()

    async def _look_on(self, served: "_Mark", stop: asyncio.Event, again: asyncio.Event) -> None:
        """Follow the list: at a SIGHUP, and when the file has changed and stayed so."""
        seen = served
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_SECONDS)
            before, seen = seen, _mark(self.students)
            if again.is_set() or (seen == before and seen != served):
                again.clear()
                served = seen
                try:
                    await self._follow(read_students(self.students))
                except TallerError as error:  # those who are there stay until the list is right
                    self.tell(f"La lista no se ha aplicado: {error}")

    async def _follow(self, students: list[str]) -> None:
        """Seat who is new and dismiss who has left; all others are not disturbed."""
        for student in self._guards.keys() - set(students):
            await self._dismiss(student)
            self.tell(f"{student}\tsin sitio")
        fresh = [s for s in students if s not in self._guards]
        for student in fresh:
            await self._seat(student)
        seats = [self._guards[student][0] for student in students]
        if self._door is None and any(seat.user is None for seat in seats):
            await self._open_door()
        roster = write_roster(seats, self.folder, self.address)
        for student in fresh:
            self.tell(self._way(self._guards[student][0]))
        self.tell(f"✓ {len(seats)} sitios listos (lista en {roster}). Ctrl-C para terminar.")

    async def _seat(self, student: str) -> None:
        seat = seat_of(student, self.folder, self._secret)
        take(seat)
        self._authority.equip(seat)
        guard = Guard(Tenant(seat.namespace), self.upstream, seat.socket, self.policy)
        await guard.open()
        give(seat)
        self._guards[student] = (seat, guard)

    async def _dismiss(self, student: str) -> None:
        seat, guard = self._guards.pop(student)
        await guard.close()
        clear(seat)

    def _way(self, seat: Seat) -> str:
        if seat.user or self.address is None:
            return f"{seat.student}\tDOCKER_HOST=unix://{seat.socket}"
        return (
            f"{seat.student}\tDOCKER_HOST=tcp://{self.address} DOCKER_TLS_VERIFY=1 "
            f"DOCKER_CERT_PATH={seat.folder}"
        )

    @property
    def address(self) -> str | None:
        """Where the way by TLS is, once it is open."""
        if self._door is None:
            return None
        host, port = self.listen[0], self._door.sockets[0].getsockname()[1]
        if host in _EVERYWHERE:
            host = socket.gethostname()
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def _open_door(self) -> None:
        host, port = self.listen
        try:
            self._door = await asyncio.start_server(
                self._enter, host, port, ssl=self._authority.context(host), limit=HEAD_LIMIT
            )
        except OSError as error:
            raise TallerError(
                f"No se puede escuchar en {host}:{port}: {error.strerror}.",
                "Elige otro puerto con --listen.",
            ) from error

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Lead a client to the guard of the student whose certificate it showed."""
        student = student_of(writer.get_extra_info("peercert"))
        if student in self._guards:
            self._guards[student][1].accept(reader, writer)
        else:  # no longer on the list
            writer.close()


_Mark = tuple[int, int, int] | None


def _mark(file: Path) -> _Mark:
    """What changes when a file does; None while there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
