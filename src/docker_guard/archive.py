"""Tar files from a client, packed anew: two readers could see two different archives in one."""

import asyncio
import io
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import IO

from docker_guard.refusal import Refused
from docker_guard.tar_headers import DEEPEST, LONGEST_PATH, check_headers

_BLOCK = 64 * 1024
_END_BYTES = 2 * tarfile.BLOCKSIZE
"""An archive ends with two blocks of zeros (POSIX ustar)."""
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
"""zlib's way to say: with a gzip header."""


async def rebuild_tar(
    upload: IO[bytes], limit: int, entries: int, replaced: Mapping[str, bytes] | None = None,
    owner: int | None = None,
) -> IO[bytes]:  # fmt: skip
    """Pack the files, folders and links of an archive anew, in a thread of its own.

    Args:
        upload: a tar, plain or compressed with gzip.
        limit: bytes of all the files together.
        entries: how many entries there may be.
        replaced: files that take the place of those of the same path.
        owner: user and group of every entry; each keeps its own by default. The engine's build
            cache looks at them, so clients of builds set them to 0 (docker's own, too).

    Raises:
        Refused: a bad archive, devices or other special files, or beyond the limits.
    """
    return await asyncio.to_thread(_rebuild, upload, limit, entries, replaced or {}, owner)


async def read_member(upload: IO[bytes], limit: int, entries: int, path: str) -> bytes | None:
    """The content of a regular file in an archive; None when there is none of that path.

    Raises:
        Refused: as rebuild_tar.
    """
    return await asyncio.to_thread(_read, upload, limit, entries, path)


def clean_path(path: str) -> str:
    """A path relative to the archive's root, without ``.`` and leading slashes.

    Raises:
        Refused: it climbs with ``..``, is too long or too deep.
    """
    check_length(path)
    parts = [part for part in PurePosixPath(path.lstrip("/")).parts if part != "."]
    if ".." in parts or "\0" in path:
        raise Refused(f"La ruta «{path}» sale de la carpeta.", 400)
    return "/".join(parts)


def check_length(path: str) -> None:
    """See that a path is one that a file system takes.

    Raises:
        Refused: it is too long or too deep.
    """
    if len(path.encode("utf-8", "replace")) > LONGEST_PATH or path.count("/") > DEEPEST:
        raise Refused(
            f"La ruta «{path[:80]}…» pasa de {LONGEST_PATH} bytes o de {DEEPEST} carpetas.", 413
        )


def _rebuild(
    upload: IO[bytes], limit: int, entries: int, replaced: Mapping[str, bytes], owner: int | None
) -> IO[bytes]:
    result = tempfile.TemporaryFile()  # noqa: SIM115 - the caller sends it, then drops it
    with tarfile.open(fileobj=result, mode="w") as target:
        for member, content in _members(upload, limit, entries):
            if owner is not None:
                member.uid = member.gid = owner
            if member.name not in replaced:
                target.addfile(member, content)
        for path, data in replaced.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(data), 0o644
            target.addfile(info, io.BytesIO(data))
        end = target.offset
    # No padding: the engine would leave it unread, and then not notice when we hang up.
    result.truncate(end + _END_BYTES)
    result.seek(0)
    return result


def _read(upload: IO[bytes], limit: int, entries: int, path: str) -> bytes | None:
    found = None
    for member, content in _members(upload, limit, entries):
        if member.name == path:
            found = content.read() if content else None  # the last of a path wins when unpacking
    return found


def _members(
    upload: IO[bytes], limit: int, entries: int
) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    try:
        with _plain(upload, limit) as plain:
            check_headers(plain, entries)
            with tarfile.open(fileobj=plain, mode="r:") as source:
                yield from _bounded(source, limit, entries)
    except (tarfile.TarError, EOFError, zlib.error, ValueError) as error:
        raise Refused(f"El archivo tar no se puede leer: {error}", 400) from error


def _bounded(
    source: tarfile.TarFile, limit: int, entries: int
) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    left = limit
    for number, member in enumerate(source):
        left -= member.size
        if left < 0 or number >= entries:
            raise Refused(
                f"El archivo pasa de {limit // 2**20} MB o de {entries} ficheros. "
                "Excluye con .dockerignore lo que la imagen no necesita.",
                413,
            )
        if copy := _copy(member):
            yield copy, source.extractfile(member) if member.isreg() else None


def _copy(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """The entry with nothing but what we know; None for the archive's root."""
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        raise Refused(f"«{member.name}» no es un fichero, una carpeta ni un enlace.")
    name = clean_path(member.name)
    if not name:
        return None
    copy = tarfile.TarInfo(name)
    copy.type = tarfile.REGTYPE if member.isreg() else member.type
    copy.mode, copy.mtime = member.mode & 0o7777, int(member.mtime)
    copy.uid, copy.gid = member.uid, member.gid
    copy.size = member.size if member.isreg() else 0
    if member.issym() or member.islnk():
        check_length(member.linkname)
        copy.linkname = clean_path(member.linkname) if member.islnk() else member.linkname
    return copy


def _plain(upload: IO[bytes], limit: int) -> IO[bytes]:
    """The archive uncompressed, in a file of its own: headers are read from it, not from a bomb."""
    upload.seek(0)
    magic = upload.read(2)
    upload.seek(0)
    unzip = zlib.decompressobj(_GZIP_WINDOW) if magic == _GZIP_MAGIC else None
    plain = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the caller
    while block := upload.read(_BLOCK):
        while block:
            plain.write(unzip.decompress(block, _BLOCK) if unzip else block)
            block = unzip.unconsumed_tail if unzip else b""
            if plain.tell() > 2 * limit + _BLOCK:  # headers and padding count here too
                raise Refused(f"El archivo descomprimido pasa de {limit // 2**20} MB.", 413)
    plain.seek(0)
    return plain
