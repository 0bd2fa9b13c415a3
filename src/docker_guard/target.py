"""The path and the query of a request, each with one possible reading."""

import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from docker_guard.refusal import Refused, malformed

_VERSION = re.compile(r"/v(1\.\d{1,2})(/.*)", re.ASCII)
_OLDEST = (1, 24)
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH = re.compile(r"/[A-Za-z0-9_.:@/-]*", re.ASCII)
_ZERO = frozenset({"", "0", "false", "False", "null", "[]", "{}"})


def split_target(target: str) -> tuple[str, str, "Query"]:
    """Split a target into the API version (``/v1.41`` or empty), the path and the query.

    Raises:
        Refused: paths with dot segments, doubled or encoded slashes, or bytes that no Engine API
            path has; API versions before 1.24, whose calls mean other things.
    """
    raw_path, _, raw_query = target.partition("?")
    if "#" in target or "%2f" in raw_path.lower():
        raise malformed("la ruta lleva «#» o una barra codificada")
    path = _decode(raw_path)
    segments = path.split("/")[1:]
    if not _PATH.fullmatch(path) or {".", ".."} & set(segments) or "" in segments[:-1]:
        raise malformed("la ruta no es una de la API de Docker")
    version, path = _split_version(path)
    return version, path, Query(_pairs(raw_query))


def _split_version(path: str) -> tuple[str, str]:
    match = _VERSION.fullmatch(path)
    if match is None:
        return "", path
    major, minor = match[1].split(".")
    if (int(major), int(minor)) < _OLDEST:
        raise Refused(f"La versión {match[1]} de la API es demasiado antigua; usa 1.24 o más.", 400)
    return f"/v{match[1]}", match[2]


def _decode(text: str) -> str:
    """Undo percent-encoding, once."""
    if _ESCAPE.search(text):
        raise malformed("un «%» sin dos cifras hexadecimales")
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise malformed("la dirección no es UTF-8") from None
    if "\0" in decoded:
        raise malformed("un byte nulo en la dirección")
    return decoded


def _pairs(raw: str) -> dict[str, list[str]]:
    pairs: dict[str, list[str]] = {}
    for part in filter(None, raw.split("&")):
        key, _, value = part.replace("+", " ").partition("=")
        pairs.setdefault(_decode(key), []).append(_decode(value))
    return pairs


class Query:
    """The parameters of a request; a handler takes those that it knows, then calls finish()."""

    def __init__(self, pairs: Mapping[str, list[str]]) -> None:
        self._pairs = dict(pairs)

    def texts(self, name: str) -> list[str]:
        """Take a parameter that may be repeated."""
        return [text for text in self._pairs.pop(name, []) if text]

    def text(self, name: str) -> str:
        """Take a parameter; empty when absent.

        Raises:
            Refused: it is there twice.
        """
        values = self._pairs.pop(name, [""])
        if len(values) > 1:
            raise malformed(f"el parámetro {name} está repetido")
        return values[0]

    def flag(self, name: str) -> bool:
        """Take a boolean parameter, as the engine reads it."""
        return self.text(name).lower() not in ("", "0", "no", "false", "none")

    def number(self, name: str) -> int | None:
        """Take an integer parameter; None when absent.

        Raises:
            Refused: not an integer of nine digits at most.
        """
        text = self.text(name)
        if text and not re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII):
            raise Refused(f"{name}: «{text}» no es un número entero.", 400)
        return int(text) if text else None

    def finish(self) -> None:
        """Refuse whatever has not been taken, unless it says nothing (0, false, {}).

        Raises:
            Refused: a parameter that the guard does not know in this call.
        """
        for name, values in self._pairs.items():
            if not _ZERO.issuperset(values):
                raise Refused(f"El parámetro «{name}» no está permitido en esta llamada.")
