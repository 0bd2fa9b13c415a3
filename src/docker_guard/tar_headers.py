"""The headers of an archive, bounded before anybody interprets them.

An archive says more about its files than it holds: an extended header applies to the next file, a
global one to all that follow, and a sparse file is as long as it says. So a small archive can stand
for gigabytes. Here every header is looked at as bytes, and what no client needs is refused.
(POSIX ustar and pax, and GNU's long names.)
"""

import re
from tarfile import (
    AREGTYPE,
    BLKTYPE,
    BLOCKSIZE,
    CHRTYPE,
    DIRTYPE,
    FIFOTYPE,
    GNUTYPE_LONGLINK,
    GNUTYPE_LONGNAME,
    LNKTYPE,
    REGTYPE,
    SYMTYPE,
    XGLTYPE,
    XHDTYPE,
)  # fmt: skip
from typing import IO

from docker_guard.refusal import Refused

LONGEST_PATH = 1024
"""Bytes of a path in an archive; Linux takes paths of 4,096, and clients count from the root."""

DEEPEST = 64
"""Folders inside each other."""

_EXTENDED_BYTES = 8 * 1024
_GLOBAL_BYTES = 1024
_EXTENDED = {
    XHDTYPE: _EXTENDED_BYTES,
    GNUTYPE_LONGNAME: _EXTENDED_BYTES,
    GNUTYPE_LONGLINK: _EXTENDED_BYTES,
    XGLTYPE: _GLOBAL_BYTES,
}
_EXTENDED_FOR_EACH = 3
"""A long name, a long target and a pax header may precede a file."""

_FILES = frozenset(
    (REGTYPE, AREGTYPE, LNKTYPE, SYMTYPE, DIRTYPE, CHRTYPE, BLKTYPE, FIFOTYPE)
)  # fmt: skip
_OCTAL = re.compile(rb"[ ]*([0-7]{0,11})[ \0]*")
_RECORD = re.compile(rb"(?:^|\n)[0-9]+ ([^=\n]*)=")
_HARMLESS = re.compile(
    rb"path|linkpath|mtime|atime|ctime|uid|gid|uname|gname|comment|hdrcharset|SCHILY\..*|LIBARCHIVE\..*"
    rb"|MSWINDOWS\..*|RHT\..*"
)
_FOR_ALL = re.compile(rb"comment|mtime|SCHILY\..*")
"""What may stand in a global header: git archive writes the commit there."""


def check_headers(archive: IO[bytes], entries: int) -> None:
    """Look at all headers of a plain archive, and go back to its beginning.

    Args:
        archive: not compressed, at its beginning.
        entries: how many files, folders and links there may be.

    Raises:
        Refused: a header that says too much, or that no client writes.
    """
    seen = extended = 0
    while (header := archive.read(BLOCKSIZE)) and header.strip(b"\0"):
        kind, size = header[156:157], _size(header)
        if kind in _EXTENDED:
            extended += 1
            _check_extended(kind, archive.read(size) if size <= _EXTENDED[kind] else None)
            archive.seek(-size % BLOCKSIZE, 1)
        elif kind in _FILES:
            seen += 1
            archive.seek(size + -size % BLOCKSIZE if kind in (REGTYPE, AREGTYPE) else 0, 1)
        else:
            raise Refused("El archivo tar no se puede leer, o tiene una entrada desconocida.", 400)
        if seen > entries or extended > _EXTENDED_FOR_EACH * (entries + 1):
            raise Refused(f"El archivo tar tiene más de {entries} entradas.", 413)
    archive.seek(0)


def _size(header: bytes) -> int:
    match = _OCTAL.fullmatch(header[124:136])
    if match is None:  # base 256: eight gigabytes and more
        raise Refused("El archivo tar no se puede leer: una entrada no dice su tamaño.", 400)
    size = int(match[1] or b"0", 8)
    if size and header[156:157] == AREGTYPE and header[:100].rstrip(b"\0").endswith(b"/"):
        raise Refused("El archivo tar tiene una carpeta con contenido.", 400)  # two readings
    return size


def _check_extended(kind: bytes, content: bytes | None) -> None:
    if content is None:
        raise Refused("El archivo tar tiene una cabecera demasiado larga.", 413)
    if kind not in (XHDTYPE, XGLTYPE):
        return
    allowed = _FOR_ALL if kind == XGLTYPE else _HARMLESS
    for record in _RECORD.finditer(content):
        if not allowed.fullmatch(record[1]):
            name = record[1][:40].decode("utf-8", "replace")
            raise Refused(f"El archivo tar tiene una cabecera «{name}» que no está permitida.")
