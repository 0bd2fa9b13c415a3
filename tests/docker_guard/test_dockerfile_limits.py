"""Whatever a Dockerfile holds, reading it takes a moment and little memory."""

import asyncio
import time
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docker_guard.dockerfile import rewrite
from docker_guard.refusal import Refused

SECONDS = 5.0
"""0.1 s on an idle machine."""


async def _same(name: str) -> str:
    return name


def read(source: bytes, arguments: Mapping[str, str] | None = None) -> str:
    """What a Dockerfile becomes, or why it is refused; in a moment."""
    began = time.process_time()
    try:
        found = asyncio.run(rewrite(source, arguments or {}, {"a": "b"}, _same))
    except Refused as refused:
        return refused.message
    finally:
        assert time.process_time() - began < SECONDS
    return found.decode()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (b"FROM x\n" + b"RUN a\n" * 20_000, "kB y caben 64"),
        (b"".join(b"FROM x AS s%d\n" % n for n in range(2000)), "más de 50 etapas"),
        (b"ARG a=xx\n" + b"ARG a=$a$a\n" * 60 + b"FROM x\n", "vale más de 4096 letras"),
        (b"ARG a=" + b"${a:-" * 12_000 + b"\nFROM x\n", "vale más de 4096"),
        (b"FROM x\nRUN " + b"\\ " * 30_000 + b"c", "RUN"),
        (b"FROM x\nCOPY " + b"--from=a " * 7000 + b"--x c", "opciones"),
        (b"FROM x" + b" " * 30_000 + b"AS" + b" " * 30_000 + b"\n", "no se entiende"),
        (b"#" + b" " * 60_000 + b"\nFROM x\n", "FROM x"),
    ],
)
def test_what_takes_others_long_is_read_or_refused_at_once(source: bytes, says: str) -> None:
    assert says in read(source)


PIECES = st.sampled_from(
    ["FROM ", "x", " AS ", "a", "\n", "\\\n", "ARG ", "a=", "$a", "${a:-", "}", "COPY ", "--from=",
     "RUN ", "#", " escape=`", " " * 500, "\\", "\t", "VOLUME ", "[", '"', "ñ", "\r\n", "\0"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=400).map("".join) | st.text(max_size=500))
@settings(max_examples=60, deadline=None)
def test_anything_is_read_or_refused(text: str) -> None:
    assert read(text.encode("utf-8", "replace"))
