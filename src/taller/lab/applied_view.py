"""What an apply or a destroy did, and the outputs that it left."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from taller.lab.errors import NoSuchKey
from taller.lab.plan_view import HIDDEN, SIGNS
from taller.lab.shown import Shown, columns_of_text
from taller.terraform import Applied, Output
from taller.terraform.results import outputs_from_json

_DONE = {"create": "creado", "update": "cambiado", "delete": "destruido", "read": "leído"}
_LOGGED = (
    "change_summary",
    "apply_start",
    "apply_complete",
    "apply_errored",
    "outputs",
    "diagnostic",
)


class Outputs(Mapping[str, Any], Shown):
    """The outputs of the state: a mapping of name to value."""

    template = "outputs.html"

    def __init__(self, outputs: Mapping[str, Output], note: str = "") -> None:
        self.typed = outputs
        self.note = note

    def __getitem__(self, name: str) -> Any:
        if name not in self.typed:
            there = ", ".join(self.typed) or "ninguno todavía"
            advice = f" {self.note}" if self.note else ""
            raise NoSuchKey(f"No hay ningún output «{name}».", f"Los que hay: {there}.{advice}")
        return self.typed[name].value

    def __iter__(self) -> Iterator[str]:
        return iter(self.typed)

    def __len__(self) -> int:
        return len(self.typed)

    @property
    def shown(self) -> dict[str, str]:
        """Name → value as text; sensitive ones stay hidden."""
        return {
            name: HIDDEN if output.sensitive else _readable(output.value)
            for name, output in self.typed.items()
        }

    def text(self) -> str:
        """One output a line."""
        lines = [f"{name} = {value}" for name, value in self.shown.items()] or ["Sin outputs."]
        return "\n".join([*lines, *([f"⚠ {self.note}"] * bool(self.note))])


def outputs_of(applied: Applied) -> Outputs:
    """The outputs that an apply announced; sensitive values are not among them."""
    announced = [event.raw["outputs"] for event in applied.events if event.kind == "outputs"]
    return Outputs(outputs_from_json(announced[-1] if announced else {}))


def _readable(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class Row:
    """One resource that was touched."""

    sign: str
    tone: str
    verb: str
    address: str
    duration: str


class AppliedView(Shown):
    """What an apply did.

    Attributes:
        added, changed, destroyed: numbers of resources.
        seconds: what it took.
        outputs: of the state afterwards.
    """

    template = "applied.html"

    def __init__(
        self, command: str, applied: Applied, outputs: Outputs, warnings: list[str]
    ) -> None:
        self._command = command
        self._applied = applied
        self.outputs = outputs
        self.warnings = warnings

    @property
    def added(self) -> int:
        """Resources created."""
        return self._applied.added

    @property
    def changed(self) -> int:
        """Resources changed in place."""
        return self._applied.changed

    @property
    def destroyed(self) -> int:
        """Resources destroyed, those that were replaced included."""
        return self._applied.destroyed

    @property
    def seconds(self) -> float:
        """Wall time."""
        return self._applied.seconds

    @property
    def duration(self) -> str:
        """Wall time, readable."""
        return readable_seconds(self.seconds)

    @property
    def headline(self) -> str:
        """What happened, in one sentence."""
        if self._command == "destroy":
            return (
                "Destruido: ya no queda nada de este state."
                if self.rows
                else "No había nada que destruir."
            )
        return (
            "Aplicado."
            if self.rows
            else "Nada que aplicar: todo está ya como dice tu configuración."
        )

    @property
    def tally(self) -> list[tuple[str, str, int, str]]:
        """Sign, word, number and tone."""
        counts = (("create", "creado", self.added), ("update", "cambiado", self.changed),
                  ("delete", "destruido", self.destroyed))  # fmt: skip
        return [
            (SIGNS[action][0], word if n == 1 else f"{word}s", n, SIGNS[action][2])
            for action, word, n in counts if n
        ]  # fmt: skip

    @property
    def rows(self) -> list[Row]:
        """The resources that were touched, in the order in which they were done."""
        return [
            Row(*_sign(event.action), event.address, readable_seconds(event.seconds))
            for event in self._applied.events
            if event.kind == "apply_complete" and event.action in _DONE
        ]

    @property
    def raw_text(self) -> str:
        """Terraform's own sentences."""
        return "\n".join(e.message for e in self._applied.events if e.kind in _LOGGED)

    def text(self) -> str:
        """The same in columns."""
        rows = [[r.sign, r.address, r.verb, r.duration] for r in self.rows]
        lines = columns_of_text(("",) * 4, rows)[1:] if rows else []
        outputs = [f"{name} = {value}" for name, value in self.outputs.shown.items()]
        return "\n".join([f"{self.headline} ({self.duration})", *lines, *outputs,
                          *(f"⚠ {line}" for line in self.warnings)])  # fmt: skip


def _sign(action: str) -> tuple[str, str, str]:
    sign, _, tone = SIGNS[action]
    return sign, tone, _DONE[action]


def readable_seconds(seconds: float) -> str:
    """``0,3 s``, ``12 s``, ``2 min 5 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".", ",")
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
