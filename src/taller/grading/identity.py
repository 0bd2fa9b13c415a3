"""Whose the graders of one OUT are: a random name and a secret, kept in OUT.

A path would not do: two machines, or two containers on one engine, may use the same one for
different folders, and each would remove what the other is at. A copy of OUT is another OUT: the
file knows its own place on the disk, which a copy does not have.
"""

import hashlib
import hmac
import json
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FILE = ".run.json"
_NAME_BYTES, _SECRET_BYTES = 6, 32
_DIGITS = 20
_MOST_BYTES = 4096


@dataclass(frozen=True)
class Identity:
    """Of the graders of one OUT, from the first to the last.

    Attributes:
        run: what marks everything of theirs in Docker; it may be seen.
        secret: from which the namespaces of submissions follow; nobody else knows it.
    """

    run: str
    secret: bytes

    def namespace(self, student: str, exercise: str) -> str:
        """With which the engine's names of a submission's objects begin.

        All are of one length, so none begins another, and none follows from others.
        """
        asked = f"{student}/{exercise}".encode()
        return "g" + hmac.new(self.secret, asked, hashlib.sha256).hexdigest()[:_DIGITS]


def identity_of(output: Path) -> Identity:
    """The identity that an OUT has, or now gets.

    Raises:
        OSError: OUT cannot be read or written.
    """
    output.mkdir(parents=True, exist_ok=True)
    return _read(output / _FILE) or _make(output)


def _read(path: Path) -> Identity | None:
    """What the file says; nothing when it is not there, damaged, or a copy of another."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError), path.open("rb") as file:
        kept = json.loads(file.read(_MOST_BYTES))
        if kept["place"] == os.fstat(file.fileno()).st_ino:
            return Identity(str(kept["run"]), bytes.fromhex(kept["secret"]))
    return None


def _make(output: Path) -> Identity:
    identity = Identity("g" + secrets.token_hex(_NAME_BYTES), secrets.token_bytes(_SECRET_BYTES))
    descriptor, name = tempfile.mkstemp(prefix=_FILE, dir=output)  # for this user's eyes alone
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        kept = {"run": identity.run, "secret": identity.secret.hex()}
        json.dump({**kept, "place": os.fstat(descriptor).st_ino}, file)
    with suppress(FileExistsError):  # another grader has just made one, or it is of no use
        os.link(name, output / _FILE)
    standing = _read(output / _FILE)
    if standing is None:
        Path(name).replace(output / _FILE)
        return identity
    Path(name).unlink()
    return standing


def scratch_folder(run: str) -> Path:
    """Where the graders of one OUT keep the workspaces; its path is short, as sockets need.

    Sandboxes can read the paths of their folders: nothing that is secret follows from them.
    """
    return Path(tempfile.gettempdir()).resolve() / f"taller-{run}"


def folder_of(run: str, namespace: str) -> Path:
    """A submission's folder in there."""
    return scratch_folder(run) / hashlib.sha256(namespace.encode()).hexdigest()[:12]
