"""HCL that Terraform accepts and our parser does not, written so that it does: the same meaning.

What changes is spelling alone: letters that are not ASCII in names and in the markers of heredocs,
``::`` in the names of functions, the marks ``~`` that trim blanks around ``${…}``, and new lines
right inside ``${…}``. ``decoded`` gives names back as they were written.
"""

import re
from collections.abc import Callable
from typing import Any

from taller.hcl.tokens import Token, tokens

BYTE_ORDER_MARK = "\ufeff"


def normalised(text: str) -> tuple[str, Callable[[Any], Any]]:
    """A text for the parser, and what turns its answer into what the student wrote."""
    code = _unused(text)

    def encoded(name: str) -> str:
        return re.sub(r"[^\x00-\x7f]|::", lambda m: f"{code}{m[0].encode().hex()}z", name)

    parts: list[str] = []
    end = 0
    for token in tokens(text):
        parts += [text[end : token.start], _respelt(token, encoded)]
        end = token.start + len(token.text)
    decode = re.compile(rf"{code}((?:[0-9a-f][0-9a-f])+)z")
    return "".join([*parts, text[end:]]), lambda value: _decoded(value, decode)


def _respelt(token: Token, encoded: Callable[[str], str]) -> str:
    match token.kind:
        case "name":
            return encoded(token.text)
        case "mark" if token.text == "::":
            return encoded("::")
        case "heredoc" | "end":
            return encoded(token.text)
        case "open":
            return token.text.removesuffix("~") if token.text.startswith("$") else token.text
        case "close":
            return token.text.removeprefix("~")
        case "newline" | "comment" if token.within == "${":
            return " "
    return token.text


def _unused(text: str) -> str:
    """Letters that stand nowhere in a text."""
    code = "uq"
    while code in text:
        code += "q"
    return code


def _decoded(value: Any, code: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return code.sub(lambda found: bytes.fromhex(found[1]).decode(), value)
    if isinstance(value, dict):
        return {_decoded(key, code): _decoded(part, code) for key, part in value.items()}
    return [_decoded(part, code) for part in value] if isinstance(value, list) else value
