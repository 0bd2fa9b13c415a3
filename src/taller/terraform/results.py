"""What Terraform answers, as typed data."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from taller.terraform.errors import Diagnostic, without_preamble

Json = Mapping[str, Any]
Action = Literal["create", "update", "delete", "replace", "no-op", "read", "forget", "import"]


@dataclass(frozen=True)
class Version:
    """Terraform's version, and the program that said so."""

    text: str
    binary: str

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version as comparable numbers; a suffix such as ``-beta1`` is left out."""
        return tuple(int(part) for part in self.text.partition("-")[0].split("."))


@dataclass(frozen=True)
class Event:
    """One line of Terraform's event stream.

    Attributes:
        kind: Terraform's type: ``apply_start``, ``apply_progress``, ``apply_complete``, …
        message: Terraform's own sentence.
        address: the resource it is about, or "".
        action: what happens to the resource, or "".
        seconds: since that resource began, or 0.
        raw: the whole event.
    """

    kind: str
    message: str
    address: str
    action: str
    seconds: float
    raw: Json

    @classmethod
    def parse(cls, line: str) -> "Event | None":
        """Read one line; None when it is not an event."""
        try:
            raw = json.loads(line)
        except ValueError:
            return None
        if not isinstance(raw, dict) or "type" not in raw:
            return None
        body = raw.get("hook") or raw.get("change") or {}
        return cls(
            kind=raw["type"],
            message=raw.get("@message", ""),
            address=(body.get("resource") or {}).get("addr", ""),
            action=body.get("action", ""),
            seconds=float(body.get("elapsed_seconds", 0)),
            raw=raw,
        )


def diagnostics_of(events: list[Event]) -> tuple[Diagnostic, ...]:
    """The diagnostics in an event stream, in order; what only announces them is left out."""
    found = (event.raw for event in events if event.kind == "diagnostic")
    return without_preamble(Diagnostic.from_json(raw["diagnostic"]) for raw in found)


@dataclass(frozen=True)
class ResourceChange:
    """What a plan would do to one resource.

    Attributes:
        address: full address, with modules and index.
        type, name: as in the configuration.
        mode: ``managed`` or ``data``.
        action: what would happen.
        before, after: attribute values, None where the resource does not exist.
        after_unknown: the attributes known only after apply.
        replace_paths: the attributes that force a replacement.
        reason: Terraform's ``action_reason``, or "".
    """

    address: str
    type: str
    name: str
    mode: str
    action: Action
    before: Json | None
    after: Json | None
    after_unknown: Json
    replace_paths: tuple[tuple[str | int, ...], ...]
    reason: str

    @classmethod
    def from_json(cls, raw: Json) -> "ResourceChange":
        """Read an element of ``resource_changes`` or ``resource_drift``."""
        change = raw["change"]
        return cls(
            address=raw["address"],
            type=raw["type"],
            name=raw["name"],
            mode=raw["mode"],
            action=_action(change["actions"]),
            before=change.get("before"),
            after=change.get("after"),
            after_unknown=change.get("after_unknown") or {},
            replace_paths=tuple(tuple(path) for path in change.get("replace_paths", ())),
            reason=raw.get("action_reason", ""),
        )


def _action(actions: list[str]) -> Action:
    """One word for Terraform's list of actions: deleting and creating is replacing."""
    return "replace" if len(actions) == 2 else cast(Action, actions[0])


@dataclass(frozen=True)
class Plan:
    """What Terraform would do.

    Attributes:
        changes: every resource, the untouched ones too.
        drift: what changed outside Terraform since the last apply.
        outputs: name → action for each output.
        diagnostics: warnings.
        raw: the whole plan JSON.
        path: the saved plan, when one was asked for.
    """

    changes: tuple[ResourceChange, ...]
    drift: tuple[ResourceChange, ...]
    outputs: Mapping[str, Action]
    diagnostics: tuple[Diagnostic, ...]
    raw: Json
    path: Path | None

    @classmethod
    def from_json(cls, raw: Json, diagnostics: tuple[Diagnostic, ...], path: Path | None) -> "Plan":
        """Read the output of ``terraform show -json PLAN``."""
        outputs = raw.get("output_changes") or {}
        return cls(
            changes=tuple(map(ResourceChange.from_json, raw.get("resource_changes", ()))),
            drift=tuple(map(ResourceChange.from_json, raw.get("resource_drift", ()))),
            outputs={name: _action(change["actions"]) for name, change in outputs.items()},
            diagnostics=diagnostics,
            raw=raw,
            path=path,
        )

    @property
    def empty(self) -> bool:
        """Whether apply would change neither a resource nor an output."""
        actions = [change.action for change in self.changes] + list(self.outputs.values())
        return all(action in ("no-op", "read") for action in actions)

    def count(self, action: Action) -> int:
        """How many resources get this action."""
        return sum(change.action == action for change in self.changes)


@dataclass(frozen=True)
class Output:
    """One output value; ``type`` is Terraform's type expression in JSON."""

    value: Any
    type: Any
    sensitive: bool


@dataclass(frozen=True)
class Applied:
    """What an apply or destroy did: resources added, changed, destroyed, and all its events."""

    added: int
    changed: int
    destroyed: int
    diagnostics: tuple[Diagnostic, ...]
    events: tuple[Event, ...]
    seconds: float


@dataclass(frozen=True)
class StateResource:
    """One resource instance in the state; ``provider`` is its full source address."""

    address: str
    type: str
    name: str
    mode: str
    provider: str
    values: Json
    depends_on: tuple[str, ...]


@dataclass(frozen=True)
class State:
    """What Terraform knows to exist."""

    resources: tuple[StateResource, ...]
    outputs: Mapping[str, Output]
    raw: Json

    @classmethod
    def from_json(cls, raw: Json) -> "State":
        """Read the output of ``terraform show -json``."""
        values = raw.get("values") or {}
        resources = tuple(_resources(values.get("root_module") or {}))
        return cls(resources, outputs_from_json(values.get("outputs") or {}), raw)

    def of_type(self, type: str) -> tuple[StateResource, ...]:
        """The managed resources of one type."""
        return tuple(r for r in self.resources if r.type == type and r.mode == "managed")


def _resources(module: Json) -> Iterator[StateResource]:
    for raw in module.get("resources", ()):
        yield StateResource(
            raw["address"], raw["type"], raw["name"], raw["mode"], raw["provider_name"],
            raw.get("values") or {}, tuple(raw.get("depends_on", ())),
        )  # fmt: skip
    for child in module.get("child_modules", ()):
        yield from _resources(child)


def outputs_from_json(raw: Json) -> dict[str, Output]:
    """Read ``terraform output -json`` or the outputs of a state."""
    return {
        name: Output(output.get("value"), output.get("type"), bool(output.get("sensitive")))
        for name, output in raw.items()
    }


@dataclass(frozen=True)
class Validation:
    """The verdict of ``terraform validate``."""

    valid: bool
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class TestRun:
    """One ``run`` block of a ``.tftest.hcl`` file: ``pass``, ``fail``, ``error`` or ``skip``."""

    __test__ = False  # pytest would collect it by its name

    file: str
    name: str
    status: str
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class TestReport:
    """The result of ``terraform test``; ``passed`` is true when no run failed."""

    __test__ = False  # pytest would collect it by its name

    runs: tuple[TestRun, ...]
    diagnostics: tuple[Diagnostic, ...]
    passed: bool


def test_report(events: list[Event]) -> TestReport:
    """Gather the runs of ``terraform test``, each with its own diagnostics."""
    found = diagnostics_of(events)
    runs = []
    for event in events:
        run = event.raw.get("test_run", {})
        if event.kind == "test_run" and run.get("progress", "complete") == "complete":
            about = [
                Diagnostic.from_json(e.raw["diagnostic"]) for e in events
                if e.kind == "diagnostic" and e.raw.get("@testrun") == run["run"]
                and e.raw.get("@testfile") == run["path"]
            ]  # fmt: skip
            runs.append(TestRun(run["path"], run["run"], run["status"], tuple(about)))
    return TestReport(tuple(runs), found, all(run.status in ("pass", "skip") for run in runs))
