"""Single changes of HCL that is formatted as ``terraform fmt`` does."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_ATTRIBUTE = re.compile(r"(?P<head>\s*(?P<name>[\w-]+|\"[^\"]+\")\s*=\s*)(?P<value>\S.*)")
_BLOCK = re.compile(r"\s*(?P<kind>[A-Za-z_]\w*)(?P<labels>(?:\s+\"[^\"]*\")*)\s*\{\s*")
_NAMED = re.compile(
    r'resource\s+"(?P<type>\w+)"\s+"(?P<name>\w+)"\s*\{[^}]*?^\s*name\s*=\s*"(?P<value>[^"\n]*)"',
    re.MULTILINE,
)
_REFERENCE = re.compile(r"[a-z_]\w*(?:\.\w+)+")
_INTERPOLATION = re.compile(r"\$\{\s*([^{}]+?)\s*\}")
_ELEMENT = re.compile(r"\"(?:[^\"\\]|\\.)*\"|[\w.]+")

Edit = tuple[str, str, str]
"""What is done, the line that it is done to, and the new text."""


@dataclass(frozen=True)
class _Piece:
    """An attribute or a block: its lines (the first, and the one after the last), its name, and
    of an attribute in one line what stands before its value, and the value."""

    begin: int
    end: int
    name: str
    head: str = ""
    value: str = ""


def hcl_edits(
    text: str, lines: Collection[int], all_texts: list[str], known: Mapping[str, Any]
) -> Iterator[Edit]:
    """Change one piece at a time.

    Args:
        text: a cell's, with its ``%%hcl`` line.
        lines: numbers of those that may change, from 0.
        all_texts: every answer, for the names of resources.
        known: what variables are worth: ``{"var.prefix": "dev"}``.
    """
    rows = text.split("\n")
    pieces = [piece for piece in _pieces(rows) if set(range(piece.begin, piece.end)) <= set(lines)]
    names = _names(all_texts, known)
    for piece in pieces:
        row = rows[piece.begin]
        yield "drop", row, _replaced(rows, piece, [])
        for what, value in _values(piece.value, names):
            yield what, row, _replaced(rows, piece, [piece.head + value])
        other = _next_of_its_name(pieces, piece)
        if other is not None:
            yield "swap", row, _replaced(rows, piece, [piece.head + other])


def _pieces(rows: list[str]) -> Iterator[_Piece]:
    for begin, row in enumerate(rows):
        end = _end(rows, begin)
        if block := _BLOCK.fullmatch(row):
            yield _Piece(begin, end, block["kind"])
        elif found := _ATTRIBUTE.fullmatch(row):
            own = (found["head"], found["value"]) if end == begin + 1 else ("", "")
            yield _Piece(begin, end, found["name"], *own)


def _end(rows: list[str], begin: int) -> int:
    """The line after the one on which what opens in a line is closed."""
    depth = 0
    for number in range(begin, len(rows)):
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", rows[number])
        depth += sum(bare.count(c) for c in "{[(") - sum(bare.count(c) for c in "}])")
        if depth <= 0:
            return number + 1
    return len(rows)


def _replaced(rows: list[str], piece: _Piece, new: list[str]) -> str:
    return "\n".join([*rows[: piece.begin], *new, *rows[piece.end :]])


def _next_of_its_name(pieces: list[_Piece], piece: _Piece) -> str | None:
    """The value of the next attribute of the same name that says something else."""
    same = [other for other in pieces if other.name == piece.name and other.value]
    place = same.index(piece) if piece in same else 0
    values = (other.value for other in same[place + 1 :] + same[:place])
    return next((value for value in values if piece.value and value != piece.value), None)


def _values(value: str, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is done to a value, and the value then."""
    if value in ("true", "false"):
        yield "flip", "false" if value == "true" else "true"
    elif value.isdecimal():
        yield "off by one", str(int(value) + 1)
    elif value in names:
        yield "hard-code", json.dumps(names[value], ensure_ascii=False)
    elif value.startswith("["):
        elements = _ELEMENT.findall(value)
        for index, element in enumerate(elements):
            rest = elements[:index] + elements[index + 1 :]
            yield f"drop {element} of", f"[{', '.join(rest)}]"
    elif value.startswith('"'):
        yield from _texts(value, names)


def _texts(value: str, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if len(value) > 3 and value[-2] != "}":
        yield "off by one", value[:-2] + '"'
    fixed = _INTERPOLATION.sub(lambda found: names.get(found[1], found[0]), value)
    if fixed != value:
        yield "hard-code", fixed


def _names(texts: list[str], known: Mapping[str, Any]) -> dict[str, str]:
    """What references are worth, as far as the answers themselves say."""
    names = {key: str(value) for key, value in known.items()}
    for found in (match for text in texts for match in _NAMED.finditer(text)):
        name = _INTERPOLATION.sub(lambda m: names.get(m[1], m[0]), found["value"])
        if "${" not in name:
            names[f"{found['type']}.{found['name']}.name"] = name
    return {key: value for key, value in names.items() if _REFERENCE.fullmatch(key)}
