"""Diagnostics out of the text of commands that have no JSON: init, in several cases."""

import re
from collections.abc import Iterator

from taller.terraform.errors import Diagnostic, without_preamble

_BEGIN = re.compile(r"^(Error|Warning): ", re.MULTILINE)
_PLACE = re.compile(r"^  on (?P<file>.+?) line (?P<line>\d+)(?:, in (?P<context>.+))?:$")
_SOURCE = re.compile(r"^ *\d+: (?P<code>.*)$")


def diagnostics_in(text: str) -> tuple[Diagnostic, ...]:
    """What ``-no-color`` text says, in order; empty when it has another shape."""
    return without_preamble(_each(text))


def _each(text: str) -> Iterator[Diagnostic]:
    begins = [*_BEGIN.finditer(text)]
    ends = [begin.start() for begin in begins[1:]] + [len(text)]
    for begin, end in zip(begins, ends, strict=True):
        yield _read(begin[1].lower(), text[begin.end() : end])


def _read(severity: str, body: str) -> Diagnostic:
    """One diagnostic: its summary, where it is, the source there, and the detail."""
    summary, _, rest = body.partition("\n\n")
    place, code, detail = None, None, list[str]()
    for line in rest.splitlines():
        if place is None and not detail and (found := _PLACE.match(line)):
            place = found
        elif place and code is None and (found := _SOURCE.match(line)):
            code = found["code"]
        else:
            detail.append(line.rstrip())
    return Diagnostic(
        severity, summary.strip(), _unwrapped("\n".join(detail)),
        file=place["file"] if place else None,
        line=int(place["line"]) if place else None,
        snippet=code,
    )  # fmt: skip


def _unwrapped(text: str) -> str:
    """Paragraphs on one line each; what is indented stays as it is."""
    return re.sub(r"(?<=\S)\n(?=\S)", " ", text.strip("\n"))
