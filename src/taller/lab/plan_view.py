"""A plan as a table instead of a wall of text."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from taller.lab.errors import NoSuchKey
from taller.lab.shown import Shown, columns_of_text
from taller.terraform import Plan, ResourceChange

SIGNS: Mapping[str, tuple[str, str, str]] = {
    "create": ("+", "crear", "good"),
    "update": ("~", "cambiar", "warn"),
    "delete": ("-", "destruir", "bad"),
    "replace": ("±", "reemplazar", "bad"),
    "read": ("≤", "leer", "info"),
    "import": ("→", "importar", "info"),
    "forget": ("○", "olvidar", "soft"),
}
"""Action → sign, verb, tone."""

UNKNOWN = "(se sabrá tras apply)"
HIDDEN = "(sensible)"
_LONGEST_VALUE = 100
_ABSENT = object()
_INDEX = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True)
class Row:
    """One resource of a plan, as it is shown."""

    sign: str
    tone: str
    verb: str
    address: str
    attributes: list[str]


class PlanView(Shown):
    """What Terraform would do.

    Attributes:
        plan: the typed plan; ``raw`` its JSON; ``changes`` those resources that would change.
        raw_text: what ``terraform show`` prints of it.
    """

    template = "plan.html"

    def __init__(self, plan: Plan, text: Callable[[], str], warnings: list[str]) -> None:
        self.plan = plan
        self.warnings = warnings
        self._text = text

    @cached_property
    def raw_text(self) -> str:
        """Asked of Terraform when it is first wanted, which takes a moment."""
        return self._text()

    @property
    def raw(self) -> Mapping[str, Any]:
        """The plan's JSON, as ``terraform show -json`` gives it."""
        return self.plan.raw

    @property
    def changes(self) -> tuple[ResourceChange, ...]:
        """The resources that would change."""
        return tuple(c for c in self.plan.changes if c.action not in ("no-op", "read"))

    @property
    def empty(self) -> bool:
        """Whether apply would change nothing."""
        return self.plan.empty

    @property
    def drift(self) -> tuple[ResourceChange, ...]:
        """What changed in Docker without Terraform."""
        return tuple(c for c in self.plan.drift if c.action != "no-op")

    @property
    def outputs(self) -> Mapping[str, str]:
        """Output → what would happen to it."""
        return self.plan.outputs

    @property
    def counts(self) -> dict[str, int]:
        """Action → number of resources."""
        found = {action: self.plan.count(action) for action in SIGNS}  # type: ignore[arg-type]  # SIGNS' keys are the actions
        return {action: count for action, count in found.items() if count}

    @property
    def to_create(self) -> list[str]:
        """Addresses that would be created."""
        return self._addresses("create")

    @property
    def to_change(self) -> list[str]:
        """Addresses that would be changed in place."""
        return self._addresses("update")

    @property
    def to_destroy(self) -> list[str]:
        """Addresses that would be destroyed for good."""
        return self._addresses("delete")

    @property
    def to_replace(self) -> list[str]:
        """Addresses that would be destroyed and created again."""
        return self._addresses("replace")

    def _addresses(self, action: str) -> list[str]:
        return [change.address for change in self.plan.changes if change.action == action]

    def __getitem__(self, address: str) -> ResourceChange:
        for change in self.plan.changes:
            if change.address == address:
                return change
        there = ", ".join(change.address for change in self.plan.changes) or "ninguno"
        raise NoSuchKey(f"El plan no tiene «{address}».", f"Los recursos del plan: {there}.")

    @property
    def headline(self) -> str:
        """The plan in one sentence."""
        if self.empty and self.moves:
            return "Nada que crear, cambiar ni destruir: solo cambia el sitio en tu código."
        if self.empty:
            return "Sin cambios: lo que existe es lo que tu configuración describe."
        total = len(self.changes)
        if not total:
            return "Ningún recurso cambia; solo los outputs."
        return f"Plan: {total} recurso{'s' if total > 1 else ''} por cambiar."

    @property
    def tally(self) -> list[tuple[str, str, int, str]]:
        """Sign, verb, number and tone of each action."""
        return [
            (*SIGNS[action][:2], count, SIGNS[action][2]) for action, count in self.counts.items()
        ]

    @property
    def rows(self) -> list[Row]:
        """The resources that would change or be read, as they are shown."""
        raw = {
            change["address"]: change["change"] for change in self.raw.get("resource_changes", ())
        }
        written = written_attributes(self.raw)
        return [
            _row(change, raw[change.address], written.get(_INDEX.sub("", change.address), set()))
            for change in self.plan.changes
            if change.action != "no-op"
        ]

    @property
    def output_rows(self) -> list[tuple[str, str, str, str]]:
        """Sign, name, value and tone of each output that would change."""
        return [
            (SIGNS[action][0], name, self._output_value(name), SIGNS[action][2])
            for name, action in self.outputs.items()
            if action in SIGNS
        ]

    def _output_value(self, name: str) -> str:
        change = self.raw["output_changes"][name]
        if change["actions"] == ["delete"]:
            return ""
        if change.get("after_sensitive") is True:
            return HIDDEN
        return UNKNOWN if _any(change, "after_unknown") else brief(change.get("after"))

    @property
    def moves(self) -> list[tuple[str, str]]:
        """Former and new address of each resource that a ``moved`` block renames."""
        return [
            (change["previous_address"], change["address"])
            for change in self.raw.get("resource_changes", ())
            if "previous_address" in change
        ]

    @property
    def drift_lines(self) -> list[str]:
        """What happened outside Terraform, in sentences."""
        words = {"delete": "ya no existe", "update": "ha cambiado"}
        return [
            f"Fuera de Terraform, {change.address} {words.get(change.action, 'ha cambiado')}."
            for change in self.drift
        ]

    def text(self) -> str:
        """The same table in columns."""
        rows = [[r.sign, r.address, r.verb, "; ".join(r.attributes[:3])] for r in self.rows]
        lines = columns_of_text(("", "recurso", "acción", ""), rows)[1:] if rows else []
        moves = [f"→ {before} pasa a ser {after}" for before, after in self.moves]
        outputs = [
            f"{sign} output {name}{f' = {value}' if value else ''}"
            for sign, name, value, _ in self.output_rows
        ]
        warnings = [f"⚠ {line}" for line in (*self.drift_lines, *self.warnings)]
        return "\n".join([self.headline, *lines, *moves, *outputs, *warnings])


def _row(change: ResourceChange, raw: Mapping[str, Any], written: set[str]) -> Row:
    sign, verb, tone = SIGNS[change.action]
    if change.action == "replace":
        attributes = list(_differences(raw, change.replace_paths))
    elif change.action == "update":
        attributes = list(_differences(raw, ()))
    else:
        attributes = list(_attributes(change, raw, written))
    return Row(sign, tone, verb, change.address, attributes)


def _attributes(change: ResourceChange, raw: Mapping[str, Any], written: set[str]) -> Iterator[str]:
    """The name, what the configuration says, then defaults; only the name of what goes away."""
    side = "before" if change.action == "delete" else "after"
    values = raw.get(side) or {}
    sensitive = raw.get(f"{side}_sensitive") or {}
    wanted = ("name",) if change.action == "delete" else tuple(values)
    for name in sorted(wanted, key=lambda name: (name != "name", name not in written)):
        if values.get(name) not in (None, [], {}, "", False):
            yield f"{name} = {HIDDEN if _any(sensitive, name) else brief(values[name])}"


def _differences(
    raw: Mapping[str, Any], forcing: tuple[tuple[str | int, ...], ...]
) -> Iterator[str]:
    """Attribute: before → after; those that force the replacement first, and said so."""
    before, after = raw.get("before") or {}, raw.get("after") or {}
    unknown = raw.get("after_unknown") or {}
    forces = {path[0] for path in forcing if path}
    for name in sorted(
        {*before, *after, *unknown}, key=lambda name: (name not in forces, name != "name", name)
    ):
        new = UNKNOWN if unknown.get(name) is True else after.get(name, _ABSENT)
        if new is _ABSENT or before.get(name) == new or (new is UNKNOWN and name not in forces):
            continue
        if _any(raw.get("before_sensitive"), name) or _any(raw.get("after_sensitive"), name):
            yield f"{name}: {HIDDEN}"
            continue
        why = "  ← obliga a reemplazar" if name in forces else ""
        yield f"{name}: {brief(before.get(name))} → {new if new is UNKNOWN else brief(new)}{why}"


def _any(marks: Any, name: str) -> bool:
    """Whether an attribute is sensitive, in whole or in part."""
    mark = marks if isinstance(marks, bool) else (marks or {}).get(name)
    if isinstance(mark, Mapping):
        return any(_any(mark, inner) for inner in mark)
    if isinstance(mark, list):
        return any(_any({"x": inner}, "x") for inner in mark)
    return bool(mark)


def brief(value: Any) -> str:
    """A value in one line, as JSON without what is not set; long ones are cut."""
    text = json.dumps(_without_unset(value), ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _without_unset(value: Any) -> Any:
    if isinstance(value, Mapping):
        inner = {name: _without_unset(part) for name, part in value.items()}
        return {name: part for name, part in inner.items() if part not in (None, "", [], {})}
    return [_without_unset(part) for part in value] if isinstance(value, list) else value


def written_attributes(plan: Mapping[str, Any]) -> dict[str, set[str]]:
    """Address without indexes → the attributes that the configuration itself sets."""
    found: dict[str, set[str]] = {}
    modules = [("", (plan.get("configuration") or {}).get("root_module") or {})]
    for path, module in modules:
        for resource in module.get("resources", ()):
            found[path + resource["address"]] = set(resource.get("expressions", ()))
        for name, call in module.get("module_calls", {}).items():
            modules.append((f"{path}module.{name}.", call["module"]))
    return found
