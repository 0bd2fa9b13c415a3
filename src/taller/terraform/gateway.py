"""Terraform's commands, one method each."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from taller.process import Completed
from taller.terraform.command import Flag
from taller.terraform.errors import Diagnostic
from taller.terraform.results import (
    Applied,
    Event,
    Output,
    Plan,
    State,
    TestReport,
    Validation,
    Version,
    diagnostics_of,
    outputs_from_json,
    test_report,
)
from taller.terraform.runner import Environment, Runner
from taller.terraform.version import locate, version

_INIT_SPEAKS_JSON = (1, 9)
"""The first version whose init has ``-json``."""

Variables = Mapping[str, Any]

_TAKE_VARIABLES = ("plan", "apply", "destroy", "refresh", "import", "test")
_UNDECLARED = ("Value for undeclared variable", "Values for undeclared variables")


class Terraform:
    """Terraform in one folder.

    Every method raises ``TerraformError`` with Terraform's diagnostics when it fails,
    ``StateLocked`` when another process holds the state, ``TerraformTimeout`` when the time limit
    is reached and ``ProgramMissing`` when there is no Terraform.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: Environment = dict,
        given: Callable[[], Variables] = dict,
        binary: str | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_notice: Callable[[str], None] | None = None,
        timeout: float = 1800,
        lock_timeout: float = 2,
    ) -> None:
        """Bind to a folder.

        Args:
            folder: where the ``.tf`` files are.
            environment: asked before each call for variables to add, so that a provider process
                that has ended meanwhile can be started again.
            given: asked before each call that takes variables. These win over the environment and
                over every ``.tfvars`` file, and lose to the call's own; a configuration that does
                not declare one of them never hears of it.
            binary: the program; by default what ``locate()`` finds.
            on_event: called with each event, as it happens.
            on_notice: called with a sentence (Spanish) about something done without being asked.
            timeout: seconds for each call.
            lock_timeout: seconds to wait for a state that is locked.
        """
        self.folder = folder
        self._given = given
        self._binary = binary or locate()
        self._lock = f"{lock_timeout:g}s"
        self._runner = Runner(folder, self._binary, environment, timeout, on_event, on_notice)

    def version(self) -> Version:
        """Ask the program for its version."""
        return version(self._binary)

    def init(
        self,
        *,
        upgrade: bool = False,
        backend_config: Mapping[str, str] | str | None = None,
        reconfigure: bool = False,
        migrate_state: bool = False,
    ) -> tuple[Diagnostic, ...]:
        """Prepare the folder; returns warnings.

        ``backend_config`` holds backend settings, or names a file of them.
        """
        migrate = {"migrate_state": Flag, "force_copy": Flag} if migrate_state else {}
        options = {
            "upgrade": Flag if upgrade else None,
            "backend_config": _backend_config(backend_config),
            "reconfigure": Flag if reconfigure else None,
            **migrate,
        }
        # Terraform refuses -json together with -migrate-state, even with -force-copy.
        if migrate_state or self.version().numbers < _INIT_SPEAKS_JSON:
            self._runner.text("init", no_color=Flag, **options)
            return ()
        completed, events = self._runner.stream("init", **options)
        return self._runner.checked("init", completed, events)

    def validate(self) -> Validation:
        """Check the configuration without looking at anything outside it."""
        completed = self._runner.call("validate", json=Flag)
        raw = self._runner.parsed("validate", completed)
        found = tuple(Diagnostic.from_json(diagnostic) for diagnostic in raw["diagnostics"])
        return Validation(raw["valid"], found)

    def plan(
        self,
        variables: Variables | None = None,
        *,
        destroy: bool = False,
        refresh: bool = True,
        refresh_only: bool = False,
        targets: Sequence[str] = (),
        replace: Sequence[str] = (),
        out: Path | None = None,
    ) -> Plan:
        """Work out what apply would do; ``out`` keeps the plan in a file."""
        with tempfile.TemporaryDirectory(prefix="taller-plan-") as scratch:
            path = (out or Path(scratch) / "plan").absolute()
            completed, events = self._runner.stream(
                "plan", input=False, lock_timeout=self._lock, var=self._var(variables),
                destroy=Flag if destroy else None, refresh=refresh,
                refresh_only=Flag if refresh_only else None,
                target=list(targets), replace=list(replace), out=str(path),
            )  # fmt: skip
            warnings = self._checked("plan", completed, events)
            raw = self._runner.parsed("show", self._runner.call("show", str(path), json=Flag))
        return Plan.from_json(raw, warnings, out)

    def apply(
        self,
        variables: Variables | None = None,
        *,
        plan: Plan | Path | None = None,
        targets: Sequence[str] = (),
        replace: Sequence[str] = (),
    ) -> Applied:
        """Apply the configuration, or exactly what a saved plan says."""
        saved = plan.path if isinstance(plan, Plan) else plan
        if plan is not None and saved is None:
            raise ValueError("this plan was not saved: give plan() an out path")
        if saved is None:
            var = self._var(variables)
        else:  # it holds its variables, but for the ephemeral ones, which are given again
            var = self._ephemeral(plan, variables) if isinstance(plan, Plan) else None
        return self._apply(
            "apply", *([str(saved.absolute())] if saved else []), var=var,
            target=list(targets), replace=list(replace),
        )  # fmt: skip

    def destroy(
        self, variables: Variables | None = None, *, targets: Sequence[str] = ()
    ) -> Applied:
        """Destroy all that the state holds."""
        return self._apply("destroy", var=self._var(variables), target=list(targets))

    def output(self) -> dict[str, Output]:
        """Every output of the state."""
        return outputs_from_json(
            self._runner.parsed("output", self._runner.call("output", json=Flag))
        )

    def show_state(self) -> State:
        """The whole state; empty when nothing was applied yet."""
        return State.from_json(self._runner.parsed("show", self._runner.call("show", json=Flag)))

    def state_list(self) -> tuple[str, ...]:
        """The address of each resource instance in the state; empty when there is no state."""
        return tuple(resource.address for resource in self.show_state().resources)

    def fmt_check(self) -> tuple[str, ...]:
        """The files that ``terraform fmt`` would rewrite, relative to the folder."""
        completed = self._runner.call("fmt", check=Flag, recursive=Flag, no_color=Flag)
        if completed.returncode not in (0, 3):
            self._runner.fail("fmt", completed, ())
        return tuple(completed.stdout.split())

    def test(
        self, variables: Variables | None = None, *, filters: Sequence[str] = ()
    ) -> TestReport:
        """Run the ``.tftest.hcl`` files (Terraform ≥ 1.6); a failed run is in the report."""
        completed, events = self._runner.stream(
            "test", var=self._var(variables), filter=list(filters)
        )
        if not any(event.kind == "test_summary" for event in events):
            self._runner.fail("test", completed, diagnostics_of(events))
        return test_report(events)

    def graph(self, *, plan: Path | None = None) -> str:
        """The dependency graph in the DOT language."""
        return self._runner.text("graph", plan=str(plan.absolute()) if plan else None)

    def import_(self, address: str, id: str, variables: Variables | None = None) -> None:
        """Take an existing object into the state."""
        self._runner.text(
            "import", address, id, input=False, lock_timeout=self._lock,
            var=self._var(variables), no_color=Flag,
        )  # fmt: skip

    def state_rm(self, *addresses: str) -> None:
        """Forget resources without destroying them."""
        self._runner.text("state rm", *addresses, lock_timeout=self._lock)

    def force_unlock(self, lock_id: str) -> None:
        """Remove a lock whose holder is gone."""
        self._runner.text("force-unlock", lock_id, force=Flag)

    def command(self, *words: str) -> Completed:
        """Run any other command, such as ``"state", "mv"``; its verdict is the caller's to read."""
        takes = words[0] in _TAKE_VARIABLES and not self._names_a_plan(words[1:])
        # First, so that what the caller writes wins.
        return self._runner.call(*words, var=self._var(None) if takes else None)

    def show_text(self, plan: Path) -> str:
        """What ``terraform show`` prints of a saved plan, to be read by people."""
        return self._runner.text("show", str(plan.absolute()), no_color=Flag)

    def _apply(self, command: str, *args: str, **options: Any) -> Applied:
        completed, events = self._runner.stream(
            command, *args, input=False, auto_approve=Flag, lock_timeout=self._lock, **options
        )
        warnings = self._checked(command, completed, events)
        counts: Mapping[str, int] = {}
        for event in events:
            counts = event.raw["changes"] if event.kind == "change_summary" else counts
        return Applied(
            counts.get("add", 0), counts.get("change", 0), counts.get("remove", 0),
            warnings, tuple(events), completed.seconds,
        )  # fmt: skip

    def _var(self, variables: Variables | None) -> dict[str, Any] | None:
        """What goes with a call, as a variables file, which no other file wins over."""
        return {**self._given(), **(variables or {})} or None

    def _ephemeral(self, plan: Plan, variables: Variables | None) -> dict[str, Any] | None:
        """The variables that a saved plan does not hold, though the configuration has them."""
        module = plan.raw.get("configuration", {}).get("root_module", {})
        missing = set(module.get("variables", ())) - set(plan.raw.get("variables", ()))
        values = self._var(variables) if missing else None
        return {name: v for name, v in (values or {}).items() if name in missing} or None

    def _names_a_plan(self, words: Sequence[str]) -> bool:
        return any(not word.startswith("-") and (self.folder / word).is_file() for word in words)

    def _checked(
        self, command: str, completed: Completed, events: list[Event]
    ) -> tuple[Diagnostic, ...]:
        """The warnings, without those on what was given and nobody wants."""
        found = self._runner.checked(command, completed, events)
        if not any(each.summary in _UNDECLARED for each in found):
            return found
        given = [f'"{name}"' for name in self._given()]
        return tuple(each for each in found if not _is_about_given(each, given))


def _is_about_given(found: Diagnostic, given: Sequence[str]) -> bool:
    if found.summary == _UNDECLARED[0]:
        return any(name in found.detail for name in given)
    return found.summary == _UNDECLARED[1]  # of more than two it says only how many


def _backend_config(given: Mapping[str, str] | str | None) -> dict[str, str] | str | None:
    return dict(given) if isinstance(given, Mapping) else given
