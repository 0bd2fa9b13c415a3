"""What an HCL value refers to: ``"${var.prefix}_raw"`` → ``var.prefix``."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_OPENING = re.compile(r"(?<![$%])[$%]\{")
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
_INDEX = re.compile(r"\[([^\[\]]*)\]")
_TRAVERSAL = re.compile(r"(?<![\w.])[A-Za-z_][\w-]*(?:\.(?:[A-Za-z_][\w-]*|\*))+")


def references(value: Any) -> set[str]:
    """Every reference inside a value, indexes left out: ``docker_volume.raw.name``."""
    if isinstance(value, Mapping):
        return set().union(*(references(part) for part in value.values()))
    if isinstance(value, list):
        return set().union(*(references(part) for part in value))
    return set().union(*map(_in_expression, _interpolations(value))) if _is_text(value) else set()


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "{" in value


def _in_expression(expression: str) -> set[str]:
    found: set[str] = set()
    for literal in _LITERAL.findall(expression):
        found |= references(literal)
    bare = _LITERAL.sub('""', expression)
    while (shorter := _INDEX.sub("", bare)) != bare:
        for index in _INDEX.findall(bare):
            found |= set(_TRAVERSAL.findall(index))
        bare = shorter
    return found | set(_TRAVERSAL.findall(bare))


def _interpolations(text: str) -> Iterator[str]:
    """The insides of ``${…}`` and ``%{…}``, braces balanced; ``$${`` is an escape."""
    position = 0
    while match := _OPENING.search(text, position):
        depth, position = 1, match.end()
        while position < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[position], 0)
            position += 1
        yield text[match.end() : position - (depth == 0)]
