"""Bodies in JSON: decoded strictly, checked field by field, and written anew.

The engine (Go) takes the last of two equal keys, and matches keys without regard to case. So a
body is never passed on: only what its rules accepted reaches the engine, in our own bytes.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from docker_guard.refusal import Refused

Rule = Callable[[Any, str], Any]
"""Checks the value of a field (named by the second argument) and returns what goes out."""

_INTEGER_LIMIT = 2**63
_MAP_BYTES = 16 * 1024
"""Letters of all labels of an object: the engine repeats them in every list."""


class DROP:
    """What a rule returns for a field that does not go out."""


def decode(body: bytes) -> dict[str, Any]:
    """Decode a JSON object; an empty body is an empty object.

    Raises:
        Refused: anything that two JSON decoders could read in two ways.
    """
    if not body.strip():
        return {}
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_unique, parse_constant=_constant, parse_int=_integer
        )
        _check_texts(json.dumps(value, ensure_ascii=False).encode())
    except RecursionError:
        raise Refused("El cuerpo JSON tiene demasiados niveles.", 400) from None
    except ValueError as error:  # bad UTF-8, bad JSON, lone surrogates
        raise Refused(f"El cuerpo no es JSON correcto: {error}.", 400) from None
    if not isinstance(value, dict):
        raise Refused("El cuerpo JSON debe ser un objeto.", 400)
    return value


def _check_texts(encoded: bytes) -> None:
    if rb"\u0000" in encoded:
        raise ValueError("un texto lleva un byte nulo")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key.casefold() for key, _ in pairs}) != len(pairs):
        raise ValueError("una clave está repetida")
    return dict(pairs)


def _constant(text: str) -> NoReturn:
    raise ValueError(f"«{text}» no es un número")


def _integer(text: str) -> int:
    if len(text) > 20 or not -_INTEGER_LIMIT <= int(text) < _INTEGER_LIMIT:
        raise ValueError("un número es demasiado grande")
    return int(text)


def is_zero(value: object) -> bool:
    """Whether a value says nothing: Go's zero value, also inside an object."""
    if isinstance(value, dict):
        return all(is_zero(item) for item in value.values())
    return value is None or value is False or value in ("", 0, [])


def rebuild(body: object, rules: Mapping[str, Rule], where: str) -> dict[str, Any]:
    """Build an object anew out of the fields that have a rule.

    A field that says nothing is left out, known or not.

    Raises:
        Refused: the body is not an object, or says something in a field without a rule. A key in
            another spelling (``privileged``) is a field without a rule.
    """
    if not isinstance(body, dict):
        raise Refused(f"«{where}» debe ser un objeto.", 400)
    result: dict[str, Any] = {}
    for key, value in body.items():
        if value is None or (key not in rules and is_zero(value)):
            continue
        if key not in rules:
            raise Refused(f"«{key}» no está permitido en {where}. Quítalo y vuelve a intentarlo.")
        accepted = rules[key](value, key)
        if accepted is not DROP:
            result[key] = accepted
    return result


def text(value: object, name: str) -> str:
    """A string."""
    if not isinstance(value, str):
        raise Refused(f"«{name}» debe ser un texto.", 400)
    return value


def flag(value: object, name: str) -> bool:
    """A boolean."""
    if not isinstance(value, bool):
        raise Refused(f"«{name}» debe ser true o false.", 400)
    return value


def anything(value: object, _name: str) -> object:
    """A field that does not reach the engine, and is shown as it came."""
    return value


def ignore(_value: object, _name: str) -> object:
    """A field without effect, whatever it says."""
    return DROP


def refuse(reason: str) -> Rule:
    """A field that may only say nothing; otherwise the reason is shown."""

    def rule(value: object, name: str) -> object:
        if not is_zero(value):
            raise Refused(f"«{name}» no está permitido: {reason}")
        return DROP

    return rule


def integer(low: int, high: int) -> Rule:
    """An integer between two bounds; zero means unset and is left out."""

    def rule(value: object, name: str) -> object:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused(f"«{name}» debe ser un número entero.", 400)
        if value == 0:
            return DROP
        if not low <= value <= high:
            raise Refused(f"«{name}» debe estar entre {low} y {high}; llegó {value}.")
        return value

    return rule


def matching(pattern: str) -> Rule:
    """A string that matches a regular expression; an empty one is left out."""

    def rule(value: object, name: str) -> object:
        if value == "":
            return DROP
        if not re.fullmatch(pattern, text(value, name), re.ASCII):
            raise Refused(f"«{name}»: «{value}» no está permitido.")
        return value

    return rule


def nested(rules: Mapping[str, Rule]) -> Rule:
    """An object with rules of its own."""
    return lambda value, name: rebuild(value, rules, name)


def choice(*values: str) -> Rule:
    """One of some strings; an empty one is left out."""

    def rule(value: object, name: str) -> object:
        if value == "":
            return DROP
        if value not in values:
            raise Refused(f"«{name}» solo puede ser {' o '.join(values)}; llegó «{value}».")
        return value

    return rule


def texts(value: object, name: str) -> list[str]:
    """A list of strings."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Refused(f"«{name}» debe ser una lista de textos.", 400)
    return value


def text_or_texts(value: object, name: str) -> str | list[str]:
    """A command: a string or a list of them."""
    return value if isinstance(value, str) else texts(value, name)


def text_map(value: object, name: str) -> dict[str, str]:
    """An object whose values are strings."""
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise Refused(f"«{name}» debe ser un objeto de textos.", 400)
    if sum(len(key) + len(text) for key, text in value.items()) > _MAP_BYTES:
        raise Refused(f"«{name}» pasa de {_MAP_BYTES // 1024} KB, que es el tope.", 413)
    return value


def empty_map(value: object, name: str) -> dict[str, dict[str, Any]]:
    """A set, which the Engine API writes as an object of empty objects."""
    if not isinstance(value, dict) or not all(v == {} for v in value.values()):
        raise Refused(f"«{name}» debe ser un objeto de objetos vacíos.", 400)
    return value
