"""A first look at HCL: ``terraform fmt`` reads it in a twentieth of a second."""

import json
import re
from dataclasses import dataclass

from taller import process
from taller.terraform import Diagnostic
from taller.terraform.command import environment
from taller.terraform.version import locate

_PLACE = re.compile(r"^\s+on <stdin> line (\d+).*$", re.MULTILINE)
_ERROR = re.compile(r"^Error: (.+)$", re.MULTILINE)
_SNIPPET = re.compile(r"^\s*\d+: .*$|^\s+├─.*$|^\s+│.*$", re.MULTILINE)


@dataclass(frozen=True)
class Look:
    """What a first look found: the text as fmt would write it, or why it cannot be read."""

    formatted: str
    problems: tuple[Diagnostic, ...]


def look(name: str, text: str) -> Look:
    """Read one file's text; ``name`` tells its language (``.json`` or HCL).

    Raises:
        ProgramMissing: there is no Terraform.
    """
    if name.endswith(".json"):
        return _look_at_json(name, text)
    completed = process.run(
        [locate(), "fmt", "-no-color", "-"], timeout=30, input=text, env=environment({})
    )
    if completed.returncode == 0:
        return Look(completed.stdout, ())
    return Look(text, tuple(_problems(name, text, completed.stderr)))


def _look_at_json(name: str, text: str) -> Look:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        problem = Diagnostic("error", "Invalid JSON", error.msg, name, error.lineno, error.colno)
        return Look(text, (problem,))
    return Look(text, ())


def _problems(name: str, text: str, stderr: str) -> list[Diagnostic]:
    """fmt has no ``-json``: its messages begin with "Error:" and a line "on <stdin> line N"."""
    last = max(len(text.splitlines()), 1)
    parts = _ERROR.split(stderr)[1:]
    found = []
    for summary, body in zip(parts[::2], parts[1::2], strict=True):
        place = _PLACE.search(body)
        line = min(int(place[1]), last) if place else None
        detail = " ".join(_SNIPPET.sub("", _PLACE.sub("", body)).split())
        found.append(Diagnostic("error", summary, detail, name, line))
    return found or [Diagnostic("error", stderr.strip() or "terraform fmt", "", name)]
