"""HCL in tokens, in one pass that looks at each character a fixed number of times.

It knows no grammar: only what is code, what is text, what is a comment, and which bracket closes
which (HCL Native Syntax Specification, "Lexical Elements" and "Template Expressions").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "name", "number", "mark", "newline", "comment",
    "quote", "text", "open", "close", "heredoc", "end",
]  # fmt: skip

_CODE = re.compile(
    r"(?P<newline>\n)|(?P<comment>(?:\#|//)[^\n]*|/\*)|(?P<name>[^\W\d][\w-]*)|(?P<number>\d[\w.]*)"
    r"|(?P<heredoc><<-?[^\W\d][\w-]*\r?\n)|(?P<quote>\")|(?P<mark>::|[^\s])"
)
_SPACE = re.compile(r"[^\S\n]*")
_QUOTED = re.compile(r'[^"\\$%]+')
_FREE = re.compile(r"[^$%\n]+")
_OPENING = re.compile(r"[$%]\{~?")
_CLOSING = {"}": "{", "]": "[", ")": "("}


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        kind: ``quote`` opens or ends a quoted text, ``heredoc`` and ``end`` another; ``open`` and
            ``close`` are the marks of ``${…}`` and ``%{…}``; a ``mark`` is any other sign.
        text: as it is written.
        start: where, in characters.
        within: the bracket or mark that is open here, or an empty string.
    """

    kind: Kind
    text: str
    start: int
    within: str = ""


def tokens(text: str, *, template: bool = False) -> list[Token]:
    """The tokens of any text, HCL or not.

    Args:
        text: a file, or what stands between the quotes of a template.
        template: which of both.
    """
    return list(_Scanner(text, template).tokens())


class _Scanner:
    def __init__(self, text: str, template: bool) -> None:
        self._text = text
        self._at = 0
        # What is open, the innermost last: brackets, "${", '"', "all", or a heredoc's marker.
        self._open: list[str] = ["all"] if template else []

    def tokens(self) -> Iterator[Token]:
        while self._at < len(self._text):
            within = self._open[-1] if self._open else ""
            if within == '"' or within == "all":
                yield from self._template(_QUOTED if within == '"' else _FREE)
            elif within.startswith("<<"):
                yield from self._heredoc(within.lstrip("<-"))
            else:
                yield from self._code(within)

    def _code(self, within: str) -> Iterator[Token]:
        self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr] # it matches nothing, too
        found = _CODE.match(self._text, self._at)
        if found is None:
            return
        kind, text, start = found.lastgroup, found[0], self._at
        self._at = found.end()
        if text == "/*":
            end = self._text.find("*/", self._at)
            self._at = len(self._text) if end < 0 else end + 2
            text = self._text[start : self._at]
        elif kind == "quote":
            self._open.append('"')
        elif kind == "heredoc":
            self._open.append(text.strip())
        elif text in ("{", "[", "("):
            self._open.append(text)
        elif text in _CLOSING or (text == "~" and self._text.startswith("}", self._at)):
            kind, text = self._closing(text, within)
        yield Token(kind, text, start, within)  # type: ignore[arg-type] # the groups' names

    def _closing(self, text: str, within: str) -> tuple[str, str]:
        if text == "~" and within == "${":
            self._at += 1
            text = "~}"
        if within == "${" and text.endswith("}"):
            self._open.pop()
            return "close", text
        if within == _CLOSING.get(text):
            self._open.pop()
        return "mark", text

    def _template(self, plain: re.Pattern[str]) -> Iterator[Token]:
        """Text up to what opens or ends something."""
        start, text, within = self._at, self._text, self._open[-1]
        while self._at < len(text):
            sign = text[self._at]
            if sign == '"' and within == '"':
                yield from self._plain(start, within)
                self._open.pop()
                self._at += 1
                yield Token("quote", sign, self._at - 1, within)
                return
            if sign in "$%" and text.startswith(sign + sign + "{", self._at):
                self._at += 3
            elif sign in "$%" and (mark := _OPENING.match(text, self._at)):
                yield from self._plain(start, within)
                yield self._opened(mark[0], within)
                return
            elif sign == "\\" and within == '"':
                self._at += 2
            elif found := plain.match(text, self._at):
                self._at = found.end()
            else:
                self._at += 1
        self._at = min(self._at, len(text))
        yield from self._plain(start, within)

    def _heredoc(self, marker: str) -> Iterator[Token]:
        """A line, up to what opens something; or the last one, which is the marker alone."""
        start, text, within = self._at, self._text, self._open[-1]
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if text[start - 1] == "\n" and text[start:end].strip() == marker:
            self._open.pop()
            self._at = end
            yield Token("end", text[start:end], start, within)
            return
        while self._at < end:
            sign = text[self._at]
            if sign in "$%" and text.startswith(sign + sign + "{", self._at):
                self._at += 3
            elif sign in "$%" and (mark := _OPENING.match(text, self._at)):
                yield from self._plain(start, within)
                yield self._opened(mark[0], within)
                return
            else:
                found = _FREE.match(text, self._at)
                self._at = found.end() if found else self._at + 1
        self._at = min(self._at + 1, len(text))
        yield from self._plain(start, within)

    def _opened(self, mark: str, within: str) -> Token:
        token = Token("open", mark, self._at, within)
        self._open.append("${")
        self._at += len(mark)
        return token

    def _plain(self, start: int, within: str) -> Iterator[Token]:
        if self._at > start:
            yield Token("text", self._text[start : self._at], start, within)
