"""One Docker Engine for a whole class: a guard and a socket for each student."""

import asyncio
import csv
import hashlib
import os
import pwd
import re
import signal
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from docker_guard import Guard, Policy, Tenant
from taller.errors import EXIT_USAGE, TallerError

SOCKET = "docker.sock"
ROSTER = "classroom.csv"

_NAME = re.compile(r"[\w.@+-]{1,64}")
_SLUG_LENGTH = 20
_DIGEST_LENGTH = 4


@dataclass(frozen=True)
class Place:
    """A student's place: the prefix of all names in Docker, and the socket to reach it."""

    student: str
    prefix: str
    socket: Path

    @property
    def docker_host(self) -> str:
        """What the student sets DOCKER_HOST to."""
        return f"unix://{self.socket}"


def read_students(file: Path) -> list[str]:
    """Read a list of students: a name a line; empty lines and ``#`` comments are left out.

    Raises:
        TallerError: the file cannot be read, or a line is no name or is there twice; with its
            number.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TallerError(f"No se puede leer {file}: {error}", exit_code=EXIT_USAGE) from error
    students: list[str] = []
    for number, line in enumerate(lines, start=1):
        name = line.partition("#")[0].strip()
        if name in students:
            raise _bad_line(file, number, f"«{name}» está repetido")
        if name and not (_NAME.fullmatch(name) and _slug(name)):
            raise _bad_line(file, number, f"«{name}» no es un nombre")
        students += [name] if name else []
    if not students:
        raise TallerError(f"{file} no tiene ningún estudiante.", exit_code=EXIT_USAGE)
    return students


def _bad_line(file: Path, number: int, what: str) -> TallerError:
    return TallerError(
        f"{file}, línea {number}: {what}.",
        "Escribe un nombre por línea, con letras, cifras o «. _ - + @», sin espacios.",
        exit_code=EXIT_USAGE,
    )


def prefix_of(student: str) -> str:
    """A student's prefix: readable, always the same, and never the beginning of another's.

    The part before the hyphen has none, and the one after it has a fixed length: a prefix that
    began another would have to be equal to it.
    """
    digest = hashlib.sha256(student.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{_slug(student)}-{digest}"


def _slug(student: str) -> str:
    plain = unicodedata.normalize("NFKD", student.partition("@")[0]).encode("ascii", "ignore")
    return re.sub(r"[^a-z0-9]", "", plain.decode().lower())[:_SLUG_LENGTH]


def places(students: Sequence[str], folder: Path) -> list[Place]:
    """A place for each student.

    Raises:
        TallerError: two students would get the same prefix.
    """
    result = [Place(s, prefix_of(s), folder.absolute() / s / SOCKET) for s in students]
    owners: dict[str, str] = {}
    for place in result:
        other = owners.setdefault(place.prefix, place.student)
        if other != place.student:
            raise TallerError(
                f"A «{other}» y «{place.student}» les tocaría el mismo prefijo, {place.prefix}.",
                "Cambia una letra del nombre de uno de los dos en la lista.",
                exit_code=EXIT_USAGE,
            )
    return result


def write_roster(seats: Sequence[Place], folder: Path) -> Path:
    """Write who has which prefix and socket, for the instructor; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / ROSTER
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["student", "prefix", "docker_host"])
        writer.writerows([seat.student, seat.prefix, seat.docker_host] for seat in seats)
    return file


def serve(
    seats: Sequence[Place], upstream: str, policy: Policy, on_ready: Callable[[], None]
) -> None:
    """Serve all sockets until SIGINT or SIGTERM, then remove them.

    A socket belongs to the system's user of the student's name, if there is one; otherwise
    whoever can enter its folder can use it.

    Args:
        seats: the students' places.
        upstream: the engine that they share.
        policy: limits of each student.
        on_ready: called when every socket listens.

    Raises:
        TallerError: a socket cannot be made.
    """
    asyncio.run(_serve(seats, upstream, policy, on_ready))


async def _serve(
    seats: Sequence[Place], upstream: str, policy: Policy, on_ready: Callable[[], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        for seat in seats:
            guard = Guard(Tenant(seat.prefix), upstream, seat.socket, policy)
            await guard.open()
            stack.push_async_callback(guard.close)
            _give_to(seat)
        on_ready()
        await stop.wait()


def _give_to(seat: Place) -> None:
    try:
        user = pwd.getpwnam(seat.student)
        os.chown(seat.socket, user.pw_uid, user.pw_gid)
    except (KeyError, PermissionError):  # no such user, or we are not root
        seat.socket.chmod(0o666)
