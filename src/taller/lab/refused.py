"""What a grader refuses, shown at the student's own cell and line."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from docker_guard.refusal import Denial
from taller.lab.diagnostics import Locator
from taller.lab.policy import Refusal
from taller.terraform import Diagnostic

_TF = (".tf", ".tf.json")
_ARGUMENT = re.compile(r"«([\w.]+) = ")
_INDEX = re.compile(r"\[[^\]]*\]")
_MOST_SHOWN = 5


def explained(refusals: Sequence[Refusal], folder: Path, locator: Locator) -> list[str]:
    """Each with the student's cell and line, where that is known."""
    shown = [locator.refusal(_placed(each.denial, folder)) for each in refusals[:_MOST_SHOWN]]
    more = len(refusals) - _MOST_SHOWN
    return [*shown, f"… y {more} más."] if more > 0 else shown


def _placed(denial: Denial, folder: Path) -> Diagnostic:
    """Where a denial is: of a file the line with what it names, of a resource its argument."""
    message = denial.message[:1].upper() + denial.message[1:]
    if denial.file.endswith(_TF):
        line = _first(folder / denial.file, _word_of(denial))
        return Diagnostic("error", message, file=denial.file, line=line)
    for file, text in _texts(folder):
        begin = _resource_line(denial.file, text)
        if begin:
            line = begin + _argument_offset(denial, text.splitlines()[begin - 1 :])
            return Diagnostic("error", message, file=file, line=line, address=denial.file)
    return Diagnostic("error", message, address=denial.file)


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*.tf")):
        if ".terraform" not in path.parts and ".taller" not in path.parts:
            yield path.relative_to(folder).as_posix(), path.read_text("utf-8", "replace")


def _resource_line(address: str, text: str) -> int:
    """The line at which a resource's block begins; 0 when it is not in this text."""
    parts = _INDEX.sub("", address).split(".")
    if len(parts) < 2:
        return 0
    block = re.search(rf'^\s*resource\s+"{parts[-2]}"\s+"{parts[-1]}"', text, re.MULTILINE)
    return text.count("\n", 0, block.end()) + 1 if block else 0


def _argument_offset(denial: Denial, lines: Sequence[str]) -> int:
    """How many lines below its resource the named argument is; 0 when it is not seen."""
    named = _ARGUMENT.search(denial.message)
    word = named[1].rpartition(".")[2] if named else ""
    for offset, line in enumerate(lines):
        if offset and line.startswith("}"):
            return 0
        if word and re.match(rf"\s*{word}\b", line):
            return offset
    return 0


def _word_of(denial: Denial) -> str:
    quoted = re.search(r"«([^»]+)»|^(\w+)\(", denial.message)
    word = (quoted[1] or quoted[2]) if quoted else ""
    return word if denial.rule not in ("provisioner",) else "provisioner"


def _first(path: Path, word: str) -> int | None:
    """The first line of a file with this word."""
    if not word or not path.is_file():
        return None
    lines = path.read_text("utf-8", "replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if word in line), None)
