"""Calls of Terraform's functions that read files, and whether they surely read outside.

What a path will be is known as far as it is written: texts, ``path.module`` and the like, and
``var.root_path``, which the workshop gives. What is computed otherwise is not judged here: the
sandbox holds it.
"""

import json
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from taller.hcl.tokens import Token, tokens

_FUNCTIONS = frozenset(
    ("file", "filebase64", "filebase64sha256", "filebase64sha512", "fileexists", "filemd5",
     "fileset", "filesha1", "filesha256", "filesha512", "templatefile")
)  # fmt: skip
_SAME = frozenset(("abspath", "pathexpand"))
"""Functions whose answer is the same place."""
_UNKNOWN = None
_WORKSPACE, _GIVEN = "\0workspace", "\0given"
"""Folders that a path may begin with; no path that is written holds such a character."""


@dataclass(frozen=True)
class FileCall:
    """A call that surely reads outside the workspace and what is given to it."""

    function: str


Part = str | None
"""A piece of a path: as it is written, one of the folders above, or unknown."""


def outside_calls(file: str, text: str, *, template: bool = False) -> Iterator[FileCall]:
    """Find the calls that surely read outside.

    Args:
        file: where it stands, as a path in the workspace.
        text: HCL, or a template.
        template: which of both.
    """
    code = [
        token
        for token in tokens(text, template=template)
        if token.kind not in ("comment", "newline")
    ]
    for index, token in enumerate(code[:-1]):
        called = token.text in _FUNCTIONS and token.kind == "name" and code[index + 1].text == "("
        if called and not (index and code[index - 1].text == "."):
            arguments = _arguments(code, index + 2, 2 if token.text == "fileset" else 1)
            if any(_leaves(_parts(argument, file)) for argument in arguments):
                yield FileCall(token.text)


def _arguments(code: Sequence[Token], start: int, count: int) -> Iterator[Sequence[Token]]:
    """The first arguments of a call; long ones are computed, so their beginning is enough."""
    depth, first = 0, start
    for index in range(start, min(len(code), start + _MOST)):
        token = code[index]
        if token.kind == "open" or (token.text in ("(", "[", "{") and token.kind == "mark"):
            depth += 1
        elif token.kind == "close" or (token.text in (")", "]", "}") and token.kind == "mark"):
            depth -= 1
        if depth < 0 or (depth == 0 and token.text == "," and token.kind == "mark"):
            yield code[first:index]
            count, first = count - 1, index + 1
        if depth < 0 or count == 0:
            return
    yield code[first : start + _MOST]


_MOST = 200
"""Tokens of a call that are looked at."""


def _parts(argument: Sequence[Token], file: str) -> list[Part]:
    if len(argument) > 2 and argument[0].text in _SAME and argument[1].text == "(":
        return _parts(argument[2:-1], file)
    is_text = bool(argument) and argument[0].kind == "quote" and argument[-1].kind == "quote"
    if not is_text:
        return [_place([token.text for token in argument], file)]
    found: list[Part] = []
    inner: list[str] | None = None
    for token in argument[1:-1]:
        if token.kind == "quote" and inner is None:
            return [_UNKNOWN]  # two texts, and something between them
        if token.kind == "open" and inner is None:
            inner = []
        elif token.kind == "close" and inner is not None:
            found.append(_place(inner, file))
            inner = None
        elif inner is not None:
            inner.append(token.text)
        else:
            found.append(_plain(token.text))
    return found


def _place(words: list[str], file: str) -> Part:
    """The folder that an expression stands for, if that is known."""
    match "".join(words):
        case "path.root" | "path.cwd":
            return _WORKSPACE
        case "path.module":
            return f"{_WORKSPACE}/{posixpath.dirname(file)}"
        case "var.root_path":
            return _GIVEN
    return _UNKNOWN


def _plain(text: str) -> Part:
    """A text without its escapes, which are JSON's and a few more."""
    text = text.replace("$${", "${").replace("%%{", "%{")
    try:
        return str(json.loads(f'"{text}"')) if "\\" in text else text
    except ValueError:
        return _UNKNOWN


def _leaves(parts: list[Part]) -> bool:
    """Whether a path surely leaves what it may read."""
    known: list[str] = []
    for part in parts:
        if part is None:
            known.append("")  # what follows may undo anything
            break
        known.append(part)
    path = "".join(known)
    sure = path if len(known) == len(parts) and None not in parts else posixpath.dirname(path)
    if path.startswith(("/", "~")):
        return True
    if not path.startswith((_WORKSPACE, _GIVEN)):
        sure = f"{_WORKSPACE}/{sure}"
    depth = 0
    for segment in sure.split("/")[1:]:
        depth += {"..": -1, ".": 0, "": 0}.get(segment, 1)
        if depth < 0:
            return True
    return False
