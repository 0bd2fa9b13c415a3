"""A student's place: its names' secret beginning, its folder, and who may go in.

The classroom's folder lets everybody pass and nobody look round. A student's folder in it is
private: it belongs to the system's user of the student's name, if there is one and we are root;
otherwise to whoever runs the classroom, and the certificate in it is what the student is known by.
While we write into a folder it is ours: its owner could else put a link in our way.
"""

import csv
import hashlib
import hmac
import os
import pwd
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from taller.errors import TallerError

ROSTER = "classroom.csv"
SOCKET = "docker.sock"
PRIVATE = ".private"
"""Folder of what only the classroom reads: its secret and its authority's key."""

CERTIFICATES = ("ca.pem", "cert.pem", "key.pem")
"""The names that docker and Terraform look for in DOCKER_CERT_PATH."""

_SECRET = "secret"  # noqa: S105 - a file's name
_SECRET_BYTES = 32
_NAMESPACE_DIGITS = 20


@dataclass(frozen=True)
class Seat:
    """A student's place.

    Attributes:
        student: as the list says.
        namespace: how the engine's names of the student's objects begin; a secret.
        folder: what the student gets: the socket, and certificates for the way by TLS.
    """

    student: str
    namespace: str
    folder: Path

    @property
    def socket(self) -> Path:
        """The way in for the system's user of the student's name."""
        return self.folder / SOCKET

    @property
    def user(self) -> pwd.struct_passwd | None:
        """The system's user of the student's name, when we can give it the folder."""
        try:
            user = pwd.getpwnam(self.student)
        except KeyError:
            return None
        return user if os.geteuid() in (0, user.pw_uid) else None


def open_folder(folder: Path) -> bytes:
    """Make the classroom's folder and return its secret, which is kept from run to run.

    Raises:
        TallerError: the folder is another user's, who could then put anything in our way.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise TallerError(
            f"La carpeta {folder} es de otro usuario.", "Elige con --sockets una que sea tuya."
        )
    folder.chmod(0o711)
    private = folder / PRIVATE
    private.mkdir(exist_ok=True)
    private.chmod(0o700)
    file = private / _SECRET
    if not file.exists():
        write_private(file, secrets.token_bytes(_SECRET_BYTES))
    return file.read_bytes()


def seat_of(student: str, folder: Path, secret: bytes) -> Seat:
    """A student's place: always the same for the same secret, and not to be guessed without."""
    digest = hmac.new(secret, student.encode(), hashlib.sha256).hexdigest()
    return Seat(student, f"c{digest[:_NAMESPACE_DIGITS]}", folder.absolute() / student)


def take(seat: Seat) -> None:
    """Make the student's folder ours, to write into it; what was put in our way there goes."""
    seat.folder.mkdir(mode=0o700, exist_ok=True)
    _own(seat.folder, os.geteuid(), os.getegid())
    seat.folder.chmod(0o700)
    for name in (SOCKET, *CERTIFICATES):
        path = seat.folder / name
        if path.is_dir() and not path.is_symlink():
            path.rename(seat.folder / f"{name}.{secrets.token_hex(4)}")
        elif path.is_symlink() or (path.exists() and not _is_plain(path)):
            path.unlink()


def give(seat: Seat) -> None:
    """Give the folder and all that we put in it to the student's user, if there is one."""
    for name in (SOCKET, *CERTIFICATES):
        path = seat.folder / name
        if path.exists():
            path.chmod(0o600)
            if seat.user:
                _own(path, seat.user.pw_uid, seat.user.pw_gid)
    if seat.user:
        _own(seat.folder, seat.user.pw_uid, seat.user.pw_gid)


def clear(seat: Seat) -> None:
    """Remove what we put into the folder, and the folder unless there is more in it."""
    if not seat.folder.is_dir():
        return
    take(seat)
    for name in (SOCKET, *CERTIFICATES):
        (seat.folder / name).unlink(missing_ok=True)
    if not any(seat.folder.iterdir()):
        seat.folder.rmdir()
    else:
        give(seat)


def _is_plain(path: Path) -> bool:
    """Whether it is a file of one name only: what we do to it happens to nothing else."""
    status = path.lstat()
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def _own(path: Path, user: int, group: int) -> None:
    if path.lstat().st_uid != user:
        os.chown(path, user, group, follow_symlinks=False)


def write_private(file: Path, content: bytes) -> None:
    """Write a file that nobody else can read, not even while it is being written."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    draft.replace(file)


def write_roster(seats: Iterable[Seat], folder: Path, address: str | None) -> Path:
    """Write who goes in by which way, for the instructor; returns the file.

    Args:
        address: ``host:port`` of the way by TLS, if there is one.
    """
    file = folder / ROSTER
    draft = folder / PRIVATE / ROSTER
    with draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["student", "docker_host", "docker_cert_path", "namespace"])
        writer.writerows([seat.student, *way_of(seat, address), seat.namespace] for seat in seats)
    draft.chmod(0o600)
    draft.replace(file)
    return file


def way_of(seat: Seat, address: str | None) -> tuple[str, str]:
    """What the student sets DOCKER_HOST and DOCKER_CERT_PATH to; the latter only for TLS."""
    if seat.user or address is None:
        return f"unix://{seat.socket}", ""
    return f"tcp://{address}", str(seat.folder)
