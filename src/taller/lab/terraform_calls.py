"""The part of ``Lab`` that is Terraform: each call returns something that shows itself."""

import difflib
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from taller.lab.applied_view import AppliedView, Outputs, outputs_of
from taller.lab.errors import LabError, plain
from taller.lab.graph_view import GraphView
from taller.lab.plan_view import PlanView
from taller.lab.policy import Policy, Refusal
from taller.lab.refused import explained
from taller.lab.session import Session
from taller.lab.terraform_views import CommandOutput, TestView, ValidationView
from taller.terraform import Applied, Diagnostic, Plan, State, Terraform
from taller.terraform.causes import likely_cause

_UNDECLARED = "Value for undeclared variable"


class TerraformCalls:
    """Plan, apply and the rest, in one workspace."""

    _session: Session
    _policy: Policy | None

    def plan(
        self,
        *,
        destroy: bool = False,
        refresh_only: bool = False,
        targets: Sequence[str] = (),
        replace: Sequence[str] = (),
        **variables: Any,
    ) -> PlanView:
        """Work out what apply would do; the next ``apply()`` does exactly that.

        Args:
            destroy: plan the destruction of everything.
            refresh_only: plan only to take note of what changed in Docker.
            targets: addresses; only these and what they depend on.
            replace: addresses to destroy and create again.
            variables: values for the configuration's variables.

        Raises:
            LabError: the configuration is wrong, or Docker or Terraform is missing.
        """

        def make() -> Plan:
            return self._session.plan(
                variables, destroy=destroy, refresh_only=refresh_only, targets=targets,
                replace=replace,
            )  # fmt: skip

        if self._policy is None:
            plan, warnings = make(), []
        else:
            plan, refusals = self._policy.while_planning(make)
            found = self._explained(refusals)
            warnings = [plain(f"Apply no lo aplicará: {each}") for each in found]
        warnings += self._warnings(plan.diagnostics)
        own = _copy(plan)
        return PlanView(
            plan, lambda: str(self._session.run("show", lambda t: t.show_text(own))), warnings
        )

    def apply(
        self,
        plan: PlanView | None = None,
        *,
        targets: Sequence[str] = (),
        replace: Sequence[str] = (),
        **variables: Any,
    ) -> AppliedView:
        """Create, change and destroy until what exists is what the configuration says.

        Without ``plan``, the one made last is applied if nothing has changed since.

        Raises:
            LabError: see ``plan``; the state keeps whatever was done.
        """
        chosen = plan.plan if plan is not None else None
        self._admit(chosen, variables, targets=targets, replace=replace)
        applied = self._session.apply(variables, chosen, targets=targets, replace=replace)
        return self._applied("apply", applied)

    def _admit(
        self, chosen: Plan | None, variables: Mapping[str, Any], **options: Sequence[str]
    ) -> None:
        """Stop an apply that the grader would refuse; in a lesson nothing is refused."""
        if self._policy is None:
            return
        plan = chosen or self._session.ready(variables, options)
        if plan is None:
            _, refusals = self._policy.while_planning(
                lambda: self._session.plan(variables, **options)
            )
        else:
            _, refusals = self._policy.while_planning(lambda: plan)
        self._refuse(refusals)

    def _refuse(self, refusals: Sequence[Refusal]) -> None:
        if refusals:
            raise LabError(
                "No se aplica: el calificador tampoco lo admite.",
                "Cámbialo, ejecuta su celda y repite esta.",
                details="\n\n".join(self._explained(refusals)),
            )

    def _explained(self, refusals: Sequence[Refusal]) -> list[str]:
        return explained(refusals, self._session.workspace.folder, self._session.locator)

    def destroy(self, *, targets: Sequence[str] = (), **variables: Any) -> AppliedView:
        """Destroy what the state holds; nothing happens when it holds nothing.

        Raises:
            LabError: see ``apply``.
        """
        return self._applied("destroy", self._session.destroy(variables, targets=targets))

    def _applied(self, command: str, applied: Applied) -> AppliedView:
        warnings = self._warnings(applied.diagnostics)
        outputs = outputs_of(applied) if command == "apply" else Outputs({})
        if any(output.sensitive for output in outputs.typed.values()):
            outputs = self.output()  # the event stream leaves sensitive values out
        return AppliedView(command, applied, outputs, warnings)

    def output(self) -> Outputs:
        """The outputs of the state, a mapping: ``lab.output()["raw_volume"]``."""
        found = self._session.run("output", Terraform.output)
        return Outputs(found, self._session.failure)

    def state(self) -> State:
        """What Terraform knows to exist, with every value."""
        state: State = self._session.run("show", Terraform.show_state)
        return state

    def state_list(self) -> tuple[str, ...]:
        """The address of each resource in the state."""
        return tuple(resource.address for resource in self.state().resources)

    def validate(self) -> ValidationView:
        """Check the configuration without looking at anything outside it."""
        verdict = self._session.run("validate", Terraform.validate)
        explained = [self._session.locator.explain(d) for d in verdict.diagnostics]
        return ValidationView(verdict, explained)

    def test(self, *filters: str, **variables: Any) -> TestView:
        """Run the ``.tftest.hcl`` files; a failed run is shown, not raised."""
        report = self._session.run("test", lambda t: t.test(variables, filters=filters))
        return TestView(report, self._session.locator.explain)

    def graph(self) -> GraphView:
        """The dependency graph of the configuration, drawn."""
        return GraphView(self._session.run("graph", Terraform.graph))

    def init(
        self,
        *,
        upgrade: bool = False,
        reconfigure: bool = False,
        migrate_state: bool = False,
        backend_config: Mapping[str, str] | str | None = None,
    ) -> CommandOutput:
        """Prepare the workspace by hand; the other calls do it by themselves.

        Args:
            upgrade: look for newer providers and modules.
            reconfigure: forget the former backend, and leave its state there.
            migrate_state: copy the state from the former backend to the present one.
            backend_config: backend settings that the configuration lacks, or the file with them.
        """
        self._session.init(
            upgrade=upgrade, reconfigure=reconfigure,
            migrate_state=migrate_state, backend_config=backend_config,
        )  # fmt: skip
        return CommandOutput(
            "terraform init", 0, "Listo: backend, módulos y provider preparados.", ""
        )

    def terraform(self, *words: str, check: bool = True) -> CommandOutput:
        """Any other command: ``lab.terraform("state", "mv", a, b)``.

        Raises:
            LabError: it ends with an error and ``check`` is true, or it would wait for an answer.
        """
        if not words or words[0] in ("console", "login"):
            raise LabError(
                "Esa orden espera que escribas, y en una celda no se puede.",
                'Prueba con otra, por ejemplo: lab.terraform("state", "list").',
            )
        words = _spelt(words)
        if words[0] == "apply" and self._policy is not None:
            self._refuse(self._policy.of_files())
        self._session.forget_plan()
        with self._session.call(
            " ".join(words), prepared=words[0] not in ("version", "fmt", "init")
        ) as t:
            completed = t.command(*words)
        output = CommandOutput(" ".join(("terraform", *words)), completed.returncode,
                               completed.stdout, completed.stderr)  # fmt: skip
        if words[0] == "init" and not completed.returncode:
            self._session.initialised()
        if check and completed.returncode and not _is_answer(words, completed.returncode):
            said = plain(output.stderr.strip() or output.stdout.strip())
            cause = likely_cause(Diagnostic("error", said))
            raise LabError(
                f"«{output.command}» terminó con un error:",
                details="\n".join([said, *([f"Causa probable: {cause}"] * bool(cause))]),
            )
        return output

    def _warnings(self, diagnostics: Sequence[Diagnostic]) -> list[str]:
        """Warnings as they are shown; a variable that nobody declares is an error here."""
        for diagnostic in diagnostics:
            if diagnostic.summary == _UNDECLARED:
                self._session.forget_plan()
                raise LabError(
                    "Has pasado una variable que tu configuración no declara.",
                    _near_option(diagnostic.detail)
                    + 'Corrige su nombre en la llamada, o añade un bloque variable "…" { } con él.',
                    details=diagnostic.detail,
                )
        return [plain(self._session.locator.explain(d)) for d in diagnostics]


def _near_option(detail: str) -> str:
    """The option of plan and apply that the variable's name is close to, as a question."""
    named = re.search(r'variable named "([^"]+)"', detail)
    options = ("destroy", "refresh_only", "targets", "replace", "plan")
    close = difflib.get_close_matches(named[1], options, n=1, cutoff=0.7) if named else []
    return f"¿Querías decir {close[0]}=…? Si no: " if close else ""


def _spelt(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a command, without the program's name.

    Raises:
        LabError: several words in one text.
    """
    rest = tuple(words[1:] if words[0] == "terraform" else words)
    if not rest or " " in rest[0]:
        alone = [word for word in " ".join(words).split() if word != "terraform"] or ["version"]
        spelt = ", ".join(f'"{word}"' for word in alone)
        raise LabError(
            "Cada palabra de la orden va en su propio texto, y sin la palabra terraform.",
            f"Escribe: lab.terraform({spelt})",
        )
    return rest


def _is_answer(words: Sequence[str], code: int) -> bool:
    """Whether the exit code is what was asked for: 2 says that the plan has changes."""
    return words[0] == "plan" and "-detailed-exitcode" in words and code == 2


def _copy(plan: Plan) -> Path:
    """A copy of the plan's file, whose place the next plan takes."""
    if plan.path is None:
        raise ValueError("the lab always keeps its plans in a file")
    copies = plan.path.with_name("plans")
    copies.mkdir(exist_ok=True)
    return Path(shutil.copy2(plan.path, copies / secrets.token_hex(8)))
