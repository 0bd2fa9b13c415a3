"""Files that go into a container before it starts."""

import base64
import binascii
import io
import re
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from docker_provider.errors import ProviderError
from docker_provider.planning import State
from docker_provider.resource import InvalidArgumentError
from docker_provider.schema import Value

_SOURCES = ("content", "content_base64", "source")
_PERMISSIONS = re.compile(r"0[0-7]{3}")
_EXECUTABLE, _PLAIN = 0o744, 0o644


def problems(block: Mapping[str, Value]) -> Iterator[InvalidArgumentError]:
    """Yield what is wrong with one upload block; a value that is not known yet may be right."""
    given = [name for name in _SOURCES if block[name] not in (None, "")]
    if len(given) != 1:
        yield InvalidArgumentError(
            ("upload",),
            f'The file "{block["file"]}" needs exactly one source',
            f"Give one of {', '.join(_SOURCES)}; here there are {len(given)}.",
        )

    encoded, permissions = block["content_base64"], block["permissions"]
    if isinstance(encoded, str) and not _is_base64(encoded):
        yield InvalidArgumentError(
            ("upload",),
            f'The content_base64 of "{block["file"]}" is no Base64',
            'Write base64encode("…") or filebase64("…"), or give plain text as `content`.',
        )
    if isinstance(permissions, str) and not _PERMISSIONS.fullmatch(permissions):
        yield InvalidArgumentError(
            ("upload",),
            f'"{permissions}" is no value for permissions',
            'Write a zero and three octal digits, as in "0644".',
        )


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: not even ASCII
        return False
    return True


def archive(blocks: list[State]) -> bytes:
    """Return a tar of the files, to be unpacked at the container's root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for block in blocks:
            content = _content(block)
            entry = tarfile.TarInfo(block["file"].lstrip("/"))
            entry.size, entry.mode, entry.mtime = len(content), _mode(block), int(time.time())
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _mode(block: State) -> int:
    if block["permissions"]:
        return int(block["permissions"], 8)
    return _EXECUTABLE if block["executable"] else _PLAIN


def _content(block: State) -> bytes:
    try:
        if block["content_base64"]:
            return base64.b64decode(block["content_base64"], validate=True)
        if block["source"]:
            return Path(block["source"]).expanduser().read_bytes()
    except (OSError, binascii.Error) as error:
        raise ProviderError(
            f'The file "{block["file"]}" cannot be uploaded', f"{error}."
        ) from error
    return str(block["content"]).encode()
