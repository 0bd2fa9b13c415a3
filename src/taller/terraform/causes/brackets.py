"""The first brace, bracket, quote or heredoc that is not closed, at the line where it opens.

A parser notices a missing brace at the end of the file, and a missing quote on each line below it.
"""

import re
from dataclasses import dataclass, field

_HEREDOC = re.compile(r"<<-?([^\W\d][\w-]*)[ \t]*$")
_TOP_LEVEL = re.compile(
    r"(?:resource|data|variable|output|module|provider|terraform|locals|moved|import|check)\b.*\{"
)
_CLOSER = {"{": "}", "[": "]", "(": ")", "${": "}"}
_NAMES = {"{": "una llave", "[": "un corchete", "(": "un paréntesis"}


@dataclass(frozen=True)
class Slip:
    """What is not closed: the line where it opens, what is missing, and what to do."""

    line: int
    summary: str
    advice: str


@dataclass(frozen=True)
class _Open:
    mark: str
    line: int
    indent: int


@dataclass
class _Scan:
    """A walk over a text, line by line; ``open`` holds what is still open."""

    open: list[_Open] = field(default_factory=list)
    doubt: _Open | None = None
    """The first block whose closing brace stands further left than the block itself."""
    comment: int = 0
    """The line on which a comment begins that is not closed yet, or 0."""
    slip: Slip | None = None

    def walk(self, text: str) -> Slip | None:
        lines = text.splitlines()
        heredoc: tuple[str, int] | None = None
        for number, line in enumerate(lines, 1):
            if heredoc:
                heredoc = None if line.strip() == heredoc[0] else heredoc
                continue
            if _TOP_LEVEL.match(line) and self.open and not self.comment:
                return self._unclosed()
            slip = self._line(line, number)
            if slip:
                return slip
            opened = _HEREDOC.search(line)
            heredoc = (opened[1], number) if opened and not self.comment else None
        if heredoc:
            return Slip(
                heredoc[1], f"Falta cerrar el texto que empieza con «<<{heredoc[0]}»",
                f"Termina con una línea en la que solo está {heredoc[0]}",
            )  # fmt: skip
        if self.comment:
            return Slip(
                self.comment, "Falta cerrar el comentario que empieza con «/*»",
                "Termina con «*/»; para una sola línea basta «#»",
            )  # fmt: skip
        return self._unclosed() if self.open else None

    def _line(self, line: str, number: int) -> Slip | None:
        at = 0
        while at < len(line) and self.slip is None:
            at += self._step(line, at, number)
        if self.slip is None and any(o.mark in ('"', "${") and o.line == number for o in self.open):
            return self._unclosed_quote(number)
        return self.slip

    def _step(self, line: str, at: int, number: int) -> int:
        """Look at one character or mark; return how many characters it takes."""
        rest, indent = line[at:], len(line) - len(line.lstrip())
        if self.comment:
            end = rest.find("*/")
            self.comment = self.comment if end < 0 else 0
            return len(rest) if end < 0 else end + 2
        if self.open and self.open[-1].mark == '"':
            return self._in_quotes(rest, number, indent)
        if rest.startswith(("#", "//")):
            return len(rest)
        if rest.startswith("/*"):
            self.comment = number
            return 2
        self.slip = self._code(rest[0], number, indent, line)
        return 1

    def _in_quotes(self, rest: str, number: int, indent: int) -> int:
        if rest.startswith(("$${", "%%{")):
            return 3
        if rest.startswith(("${", "%{")):
            self.open.append(_Open("${", number, indent))
            return 2
        if rest[0] == '"':
            self.open.pop()
        return 2 if rest[0] == "\\" else 1

    def _code(self, char: str, number: int, indent: int, line: str) -> Slip | None:
        if char in '"{[(':
            self.open.append(_Open(char, number, indent))
        elif char in "}])":
            if not self.open:
                return Slip(
                    number, f"Sobra este cierre «{char}»",
                    "Aquí ya no queda nada abierto: quítalo, o busca arriba dónde falta abrir",
                )  # fmt: skip
            last = self.open[-1]
            if _CLOSER.get(last.mark) != char:
                return self._unclosed()
            self.open.pop()
            early = last.mark == "{" and line.lstrip()[:1] == char and indent < last.indent
            self.doubt = self.doubt or (last if early else None)
        return None

    def _unclosed(self) -> Slip:
        last = self.doubt or self.open[-1]
        if last.mark == "${":
            return self._unclosed_quote(last.line)
        return Slip(
            last.line, f"Falta {_NAMES[last.mark]} de cierre «{_CLOSER[last.mark]}»",
            "Lo que se abre en esta línea no se cierra: busca dónde debía terminar",
        )  # fmt: skip

    def _unclosed_quote(self, number: int) -> Slip:
        if any(o.mark == "${" and o.line == number for o in self.open):
            return Slip(
                number, "Falta cerrar un «${» con su «}»",
                "O falta alguna de las comillas de esta línea",
            )  # fmt: skip
        return Slip(
            number, "Falta cerrar unas comillas",
            "En esta línea las comillas no van por parejas: falta una al principio o al final",
        )  # fmt: skip


def first_slip(text: str) -> Slip | None:
    """The first thing that is opened and not closed, or closed and not opened."""
    return _Scan().walk(text)
