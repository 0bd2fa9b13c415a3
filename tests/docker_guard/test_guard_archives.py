"""Archives that stand for more than they hold, read as a guard reads them."""

import asyncio
import io
import tarfile
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docker_guard.archive import read_member, rebuild_tar
from docker_guard.refusal import Refused

LIMIT = 1_000_000
ENTRIES = 50


def packed(*members: tarfile.TarInfo, headers: dict[str, str] | None = None) -> io.BytesIO:
    """An archive of empty files, or of files of zeros."""
    archive = io.BytesIO()
    with tarfile.open(
        fileobj=archive, mode="w", format=tarfile.PAX_FORMAT, pax_headers=headers or {}
    ) as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"\0" * member.size))
    archive.seek(0)
    return archive


def entry(name: str, **fields: object) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(member, field, value)
    return member


def raw(kind: bytes, content: bytes, size: bytes | None = None, name: bytes = b"x") -> bytes:
    """One entry, byte by byte."""
    said = size or b"%011o\0" % len(content)
    header = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + said.ljust(12, b"\0")
    header += b"%011o\0" % 0 + b" " * 8 + kind
    header = header.ljust(512, b"\0")
    checked = header[:148] + b"%06o\0 " % sum(header) + header[156:]
    return checked + content + b"\0" * (-len(content) % 512)


def rebuilt(archive: io.BytesIO) -> list[str]:
    out = asyncio.run(rebuild_tar(archive, LIMIT, ENTRIES))
    with out, tarfile.open(fileobj=out) as tar:
        return tar.getnames()


END = b"\0" * 1024
BOMBS: dict[str, Callable[[], io.BytesIO]] = {
    "a name for all in a global header": lambda: packed(
        *(entry(f"f{n}") for n in range(40)), headers={"path": "p" * 400_000}
    ),
    "a short name for all": lambda: packed(entry("a"), headers={"path": "b"}),
    "a size in an extended header": lambda: packed(entry("a", pax_headers={"size": "9" * 12})),
    "a sparse file of the new kind": lambda: packed(
        entry("a", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.realsize": "9" * 12})
    ),
    "a sparse file of the old kind": lambda: io.BytesIO(raw(b"S", b"") + END),
    "a long name without end": lambda: io.BytesIO(raw(b"L", b"a" * 500_000) + raw(b"0", b"") + END),
    "long names for nobody": lambda: io.BytesIO(raw(b"L", b"a" * 100) * 1000 + END),
    "a size in base 256": lambda: io.BytesIO(
        raw(b"0", b"", size=b"\x80" + b"\0" * 5 + b"\x7f" * 6) + END
    ),
    "a folder with content": lambda: io.BytesIO(raw(b"\0", b"a" * 600, name=b"d/") + END),
    "a path without end": lambda: packed(entry("a/" * 500 + "b")),
    "a name beyond the file system's": lambda: packed(entry("a" * 2000)),
    "a link without end": lambda: packed(entry("a", type=tarfile.SYMTYPE, linkname="b/" * 300)),
    "too many entries": lambda: packed(*(entry(f"f{n}") for n in range(60))),
    "too many bytes": lambda: packed(*(entry(f"f{n}", size=100_000) for n in range(11))),
    "a contiguous file": lambda: io.BytesIO(raw(b"7", b"") + END),
    "an entry of nobody's": lambda: io.BytesIO(raw(b"Z", b"") + END),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_archive_that_stands_for_much_is_refused(name: str) -> None:
    began = time.monotonic()
    with pytest.raises(Refused) as caught:
        rebuilt(BOMBS[name]())
    assert caught.value.status in (400, 403, 413)
    assert time.monotonic() - began < 5


def test_what_clients_write_passes() -> None:
    """Long and foreign names, the commit of git archive, times in parts of a second."""
    names = ["ñandú/año.txt", "n" * 150, "a/" * 30 + "b"]
    members = [entry(name, mtime=1.5) for name in names]
    members.append(entry("link", type=tarfile.SYMTYPE, linkname="../x"))
    archive = packed(*members, headers={"comment": "f" * 40})
    assert rebuilt(archive) == [*names, "link"]
    gnu = io.BytesIO()
    with tarfile.open(fileobj=gnu, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(entry("n" * 300))
    gnu.seek(0)
    assert rebuilt(gnu) == ["n" * 300]


@given(st.binary(max_size=3000))
@settings(max_examples=200, deadline=None)
def test_no_bytes_at_all_upset_the_reader(noise: bytes) -> None:
    statuses = {200}
    for content in (noise, raw(noise[:1] or b"0", noise[1:]) + noise):
        try:
            asyncio.run(read_member(io.BytesIO(content), LIMIT, ENTRIES, "a"))
        except Refused as refused:
            statuses.add(refused.status)
    assert statuses <= {200, 400, 403, 413}
