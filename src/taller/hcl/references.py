"""What an HCL value refers to: ``"${var.prefix}_raw"`` → ``var.prefix``."""

from collections.abc import Iterator, Mapping
from typing import Any

from taller.hcl.tokens import Token, tokens

_PAIRS = {"]": "[", "}": "{", ")": "(", "close": "open"}


def references(value: Any) -> set[str]:
    """Every reference inside a value, indexes left out: ``docker_volume.raw.name``."""
    if isinstance(value, Mapping):
        return set().union(*(references(part) for part in value.values()))
    if isinstance(value, list):
        return set().union(*(references(part) for part in value))
    is_template = isinstance(value, str) and "{" in value
    return set(_traversals(tokens(value, template=True))) if is_template else set()


def _traversals(found: list[Token]) -> Iterator[str]:
    """The chains of names in code: ``a.b[0].c`` is ``a.b.c``, and what is in its index is another.

    A chain ends at the first token that does not continue it.
    """
    code = [token for token in found if token.kind not in ("comment", "newline")]
    ends = _partners(code)
    for index, token in enumerate(code):
        if token.kind == "name" and not (index and code[index - 1].text in (".", "::")):
            chain = _chain(code, index, ends)
            if len(chain) > 1:
                yield ".".join(chain)


def _chain(code: list[Token], index: int, ends: dict[int, int]) -> list[str]:
    chain = [code[index].text]
    index += 1
    while index < len(code):
        if code[index].text == "[" and index in ends:
            index = ends[index] + 1
        elif code[index].text == "." and index + 1 < len(code):
            name = code[index + 1]
            if name.kind == "name" or name.text == "*":
                chain.append(name.text)
            elif name.kind != "number":
                break
            index += 2
        else:
            break
    return chain


def _partners(code: list[Token]) -> dict[int, int]:
    """Index of each opening bracket to that of its closing one."""
    ends: dict[int, int] = {}
    opened: list[tuple[str, int]] = []
    for index, token in enumerate(code):
        sign = token.kind if token.kind in ("open", "close") else token.text
        if token.kind not in ("mark", "open", "close"):
            continue
        if sign in ("[", "{", "(", "open"):
            opened.append((sign, index))
        elif sign in _PAIRS and opened and opened[-1][0] == _PAIRS[sign]:
            ends[opened.pop()[1]] = index
    return ends
