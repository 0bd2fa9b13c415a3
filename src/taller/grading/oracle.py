"""Facts for the verdict, gathered when nothing of the student's kernel is left.

Terraform runs again in a fresh folder and a sandbox of its own, on the text files and the state
that the run left; Docker answers through the guard, which shows what belongs to this run alone,
whatever names the state claims.
"""

import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from taller.catalog import Exercise
from taller.checks import Facts, load_checks, needs
from taller.checks.workspace_facts import MAX_VALUES_BYTES, read_values, text_files
from taller.errors import TallerError
from taller.grading.facts_program import FACTS, LATE
from taller.grading.outside import Outside
from taller.grading.read import read_regular
from taller.grading.sandbox import Status, run_sandboxed

_STATE = "terraform.tfstate"
_STATE_BYTES = 8 * 1024 * 1024
_FACTS_BYTES = 32 * 1024 * 1024
_SHOWN = 2000


class OracleFailed(TallerError):
    """The facts could not be gathered, and no limit is the reason."""


@dataclass(frozen=True)
class Answer:
    """What the oracle left.

    Attributes:
        file: with the facts; perhaps not there.
        prefix: of the run.
        stopped: the limit that Terraform reached on this answer; "ok" when none.
    """

    file: Path
    prefix: str
    stopped: Status


_STOPPED: Mapping[Status, str] = {
    "timeout": "Terraform no terminó en su tiempo con esta configuración.",
    "idle": "Terraform se quedó esperando con esta configuración, y se detuvo.",
    "memory": "Terraform necesita demasiada memoria con esta configuración.",
    "processes": "Terraform necesita demasiados procesos con esta configuración.",
    "output": "Terraform escribe demasiada salida con esta configuración.",
    "disk": "Terraform necesita demasiado disco con esta configuración.",
}


def home_of(root: Path, prefix: str, exercise: Exercise) -> Path:
    """Where the lab keeps an exercise's files, below a sandbox's workspace."""
    return root / "home" / "workspaces" / prefix / exercise.id


def left_files(root: Path, prefix: str, exercise: Exercise) -> dict[str, str]:
    """The text files that a run left: path to text; links and odd names left out."""
    folder = home_of(root, prefix, exercise)
    for part in (folder, folder / ".taller"):
        if part.resolve() != part:  # the run put a link in the way, to read what is not its own
            return {}
    return {name: text for name, text in text_files(folder).items() if name.isprintable()}


def prepare(root: Path, left: Path, files: dict[str, str], prefix: str, exercise: Exercise) -> None:
    """Fill a fresh folder for the oracle.

    Args:
        root: the folder, empty.
        left: what the run left, as ``home_of`` says.
        files: its text files, screened.
        prefix: of the run.
        exercise: its settings go with it; its checks and answers do not.
    """
    folder = home_of(root, prefix, exercise)
    for name, text in files.items():
        _write(folder / name, text)
    if files and (state := _read(left / _STATE, _STATE_BYTES)):
        _write(folder / _STATE, state)
    settings = (exercise.folder / "exercise.toml").read_text("utf-8")
    _write(root / "exercise" / exercise.name / "exercise.toml", settings)
    _write(root / "values.json", json.dumps(_values(left) if files else {}))


def gather_facts(root: Path, prefix: str, exercise: Exercise, outside: Outside) -> Answer:
    """Gather facts in a prepared folder.

    Args:
        root: the folder.
        prefix: of the run.
        exercise: whose rubric says which costly facts are wanted.
        outside: the way to Docker, and the limits of Terraform and all that it starts.

    Raises:
        OracleFailed: no facts came, although no limit was reached.
    """
    costly = sorted(needs(load_checks(exercise.checks_file)))
    program = [sys.executable, "-m", "taller.grading.facts_program", prefix, *costly]
    done = run_sandboxed(
        program, workspace=root, guard_socket=outside.guard_socket, limits=outside.limits,
        env=outside.env, forwards=outside.forwards, elsewhere=outside.elsewhere,
    )  # fmt: skip
    file = root / FACTS
    if done.returncode == LATE:
        return Answer(file, prefix, "timeout")
    if done.status == "killed" or (done.status == "ok" and (done.returncode or not file.is_file())):
        raise OracleFailed(
            f"El oráculo terminó con «{done.status}», código {done.returncode}: "
            f"{done.stderr[-_SHOWN:]}"
        )
    return Answer(file, prefix, done.status)


def facts_of(answer: Answer, costly: Collection[str]) -> Facts:
    """Read the facts; each one that did not come has its reason among their problems."""
    text = _read(answer.file, _FACTS_BYTES)
    facts = Facts.from_json(text) if text else Facts(answer.prefix)
    if answer.stopped == "ok":
        return facts
    missing = {need: _STOPPED[answer.stopped] for need in costly if not _has(facts, need)}
    return replace(facts, problems={**missing, **facts.problems})


def _has(facts: Facts, need: str) -> bool:
    found = facts.destroy_leftovers if need == "destroy" else getattr(facts, need, None)
    return found is not None or need in facts.replans


def _values(left: Path) -> dict[str, Any] | str:
    """What the answer computed in Python, or why that cannot be read."""
    try:
        return read_values(read_regular(left / ".taller" / "values.json", MAX_VALUES_BYTES))
    except FileNotFoundError:  # nothing was handed over
        return {}
    except OSError:
        return read_values(None)


def _read(path: Path, limit: int) -> str:
    """A small regular file's text; empty for anything else: the student's kernel made it."""
    try:
        content = read_regular(path, limit)
    except OSError:  # not there, or no regular file
        return ""
    return content.decode("utf-8", "replace") if len(content) <= limit else ""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
