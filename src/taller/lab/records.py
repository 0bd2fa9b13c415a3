"""What a workspace remembers of its student: the points reached, and the values handed over."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from taller.catalog import Exercise
from taller.lab.errors import LabError
from taller.lab.files import replace_text
from taller.result import Result


@dataclass(frozen=True)
class Progress:
    """Points of an exercise so far: check id → points, and when it was last checked (ISO 8601)."""

    points: Mapping[str, int]
    updated: str

    @property
    def score(self) -> int:
        """The sum."""
        return sum(self.points.values())


def note_progress(private: Path, result: Result) -> None:
    """Keep the latest verdict of each check that was run."""
    points = dict(read_progress(private).points)
    points |= {check.id: check.points for check in result.checks}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    text = json.dumps({"points": points, "updated": now}, indent=2)
    replace_text(private / "progress.json", text + "\n")


def read_progress(private: Path) -> Progress:
    """The points reached in a workspace; none where nothing was checked yet."""
    found = _read(private / "progress.json")
    return Progress(found.get("points", {}), found.get("updated", ""))


def note_probe(private: Path, probe: Mapping[str, Any]) -> None:
    """Keep what the notebook's function answered, and which code it had."""
    replace_text(private / "probe.json", json.dumps(probe) + "\n")


def read_probe(private: Path) -> dict[str, Any]:
    """What ``note_probe`` kept; empty where nothing was."""
    return dict(_read(private / "probe.json"))


def hand_over(private: Path, exercise: Exercise, values: Mapping[str, Any]) -> dict[str, Any]:
    """Keep values for the checks; return all that were handed over so far.

    Raises:
        LabError: a name that the exercise does not ask for, or a value of the wrong kind.
    """
    from taller.checks.workspace_facts import MAX_VALUES_BYTES, checked_values

    unknown = sorted(set(values) - set(exercise.values))
    if unknown:
        asked = ", ".join(exercise.values) or "ninguno"
        raise LabError(
            f"El ejercicio no pide «{unknown[0]}».", f"Los valores que pide son: {asked}."
        )
    plain = {name: _as_json(name, value) for name, value in values.items()}
    _, problems = checked_values(exercise, plain)
    if problems:
        raise LabError(
            next(iter(problems.values())), "Corrige el valor y ejecuta la celda otra vez."
        )
    everything = read_values(private) | plain
    text = json.dumps(everything, ensure_ascii=False, indent=2) + "\n"
    if len(text.encode("utf-8", "replace")) > MAX_VALUES_BYTES:
        raise LabError(
            f"Tus valores ocupan más de {MAX_VALUES_BYTES // 1024} kB.",
            "Entrega solo lo que pide el ejercicio.",
        )
    replace_text(private / "values.json", text)
    return everything


def forget_values(private: Path) -> None:
    """A run begins: what an earlier one handed over counts no more."""
    (private / "values.json").unlink(missing_ok=True)


def read_values(private: Path) -> dict[str, Any]:
    """What was handed over so far."""
    return _read(private / "values.json")


def _as_json(name: str, value: Any) -> Any:
    """The value as JSON carries it; numpy's and pandas' numbers and arrays become Python's.

    Raises:
        LabError: JSON has nothing like it.
    """
    try:
        return json.loads(json.dumps(value, allow_nan=False, default=_plain))
    except (TypeError, ValueError) as error:
        raise LabError(
            f"El valor «{name}» no se puede entregar: {error}.",
            "Entrega texto, números (ni NaN ni infinito), listas o diccionarios.",
        ) from error


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"es de tipo {type(value).__name__}")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):  # nothing yet, or not ours: as good as nothing
        return {}
    return found if isinstance(found, dict) else {}
