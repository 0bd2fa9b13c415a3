"""Terraform in one workspace, as a notebook drives it: init when needed, one call at a time."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from taller import provider
from taller.errors import TallerError
from taller.lab.busy import busy
from taller.lab.cells import CellMap, digest
from taller.lab.diagnostics import Locator, lab_error
from taller.lab.errors import LabError, LabInterrupted, plain
from taller.lab.files import configuration
from taller.lab.notebook_cells import files_of, skipped
from taller.lab.preparation import Preparation, asks_for_init
from taller.lab.progress import Progress, notify
from taller.lab.waiting import Waiting
from taller.terraform import Applied, Plan, Terraform, TerraformError
from taller.terraform.command import exported
from taller.workspace import Workspace

Variables = Mapping[str, Any]

_STALE = "Saved plan is stale"


class Session:
    """The gateway of one workspace, with what a notebook adds to it.

    Attributes:
        workspace: where it works; ``choice``: the provider that it uses.
        given: asked for the variables that win over the student's own files.
        watch: entered around each call, with what is called.
        locator: places diagnostics in the student's cells.
    """

    def __init__(
        self,
        workspace: Workspace,
        given: Callable[[], Variables],
        defaults: Variables,
        cells: CellMap,
    ) -> None:
        """Bind to a workspace; ``defaults`` are values that the student's own files win over."""
        self.workspace = workspace
        self.choice = provider.choose()
        self.locator = Locator(workspace.folder, cells)
        self.given = given
        self._defaults = defaults
        self.watch: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext()
        self._waiting = Waiting(workspace.prefix)
        self._progress = Progress(self._waiting.explain)
        self._preparation = Preparation(workspace.folder, self.choice.kind)
        self._planned: tuple[str, Plan] | None = None
        self._terraform: Terraform | None = None
        self._failed = ""

    def environment(self) -> dict[str, str]:
        """What Terraform gets besides the kernel's own: the provider and the exercise's values."""
        return provider.environment(self.workspace, self.choice) | exported(self._defaults)

    @property
    def terraform(self) -> Terraform:
        """The gateway, made when it is first wanted: Terraform may be installed meanwhile.

        Raises:
            ProgramMissing: there is no Terraform.
        """
        if self._terraform is None:
            self._terraform = Terraform(
                self.workspace.folder, environment=self.environment, given=self.given,
                on_event=self._progress.on_event, on_notice=notify,
            )  # fmt: skip
        return self._terraform

    @contextmanager
    def call(self, operation: str, *, prepared: bool = True) -> Iterator[Terraform]:
        """Guard a call: alone in the workspace, after init, its progress shown, errors in Spanish.

        Raises:
            LabError: whatever goes wrong inside.
        """
        with (
            self._remembering(operation),
            self.speaking(),
            busy(self.workspace.private, operation, notify),
        ):
            try:
                with self._progress.watch(f"terraform {operation}"):
                    if prepared:
                        self._require_configuration(operation)
                        self.prepare()
                    with self.watch(operation):
                        yield self.terraform
            except KeyboardInterrupt as error:
                raise self._interrupted(operation) from error

    @contextmanager
    def _remembering(self, operation: str) -> Iterator[None]:
        """Know of a plan or an apply that failed until one has succeeded."""
        changes = operation in ("plan", "apply", "destroy")
        try:
            yield
        except LabError:
            self._failed = operation if changes else self._failed
            raise
        self._failed = "" if changes else self._failed

    @property
    def failure(self) -> str:
        """Why there is nothing new to show, when the last plan or apply failed."""
        if not self._failed:
            return ""
        return (
            f"El último lab.{self._failed}() terminó con un error, así que aquí no hay nada nuevo: "
            "arregla lo que decía y repítelo."
        )

    def initialised(self) -> None:
        """Init has just been run, whoever asked for it."""
        self._preparation.done()

    def prepare(self) -> None:
        """Run init if something that it reads has changed."""
        self._preparation.ensure(self.terraform)

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Turn whatever is raised inside into what a student reads."""
        try:
            yield
        except LabError:
            raise
        except TerraformError as error:
            raise lab_error(error, self.locator, self._skipped()) from error
        except TallerError as error:
            raise LabError(error.message, error.suggestion) from error

    def explained(self, error: TerraformError) -> str:
        """What Terraform refuses, at the student's cells, as a text for a card."""
        found = lab_error(error, self.locator, self._skipped())
        return plain("\n".join([found.details, *([f"→ {found.suggestion}"] * bool(found.details))]))

    def _skipped(self) -> str | None:
        there = {str(name) for name in configuration(self.workspace.folder)}
        return skipped(self.workspace.name, there)

    def run(self, operation: str, action: Any) -> Any:
        """Do ``action(terraform)`` guarded, once more after init if Terraform asks for one."""
        with self.call(operation) as terraform:
            try:
                return action(terraform)
            except TerraformError as error:
                if not asks_for_init(error):
                    raise
                terraform.init()
                self.initialised()
                return action(terraform)

    def init(self, **options: Any) -> None:
        """Run init because the student asks for it."""
        self.forget_plan()
        with self.call("init", prepared=False) as terraform:
            terraform.init(**options)
            self.initialised()

    def plan(self, variables: Variables, **options: Any) -> Plan:
        """Make a plan and keep it for the next apply."""
        self.forget_plan()
        key = self._key(variables, options)
        saved = self.workspace.private / "plan.tfplan"
        plan: Plan = self.run("plan", lambda t: t.plan(variables, out=saved, **options))
        if not options.get("refresh_only"):
            self._planned = (key, plan)
        return plan

    def apply(
        self, variables: Variables, plan: Plan | None = None, **options: Sequence[str]
    ) -> Applied:
        """Apply the plan, or the one made last if nothing has changed since, or a new one."""
        ready = plan or self.ready(variables, options)
        self.forget_plan()
        if ready is None:
            return self._apply(variables, **options)
        try:
            return self._saved(variables, ready)
        except LabError as error:
            if plan is not None or _STALE not in str(error):
                raise
            return self._apply(variables, **options)

    def _apply(self, variables: Variables, **options: Sequence[str]) -> Applied:
        self._waiting.plan = None
        applied: Applied = self.run("apply", lambda t: t.apply(variables, **options))
        return applied

    def _saved(self, variables: Variables, plan: Plan) -> Applied:
        self._waiting.plan = plan
        applied: Applied = self.run("apply", lambda t: t.apply(variables, plan=plan))
        return applied

    def destroy(self, variables: Variables, **options: Sequence[str]) -> Applied:
        """Destroy what the state holds."""
        self.forget_plan()
        applied: Applied = self.run("destroy", lambda t: t.destroy(variables, **options))
        return applied

    def forget_plan(self) -> None:
        """Do not let the next apply use the plan made last: the world has changed."""
        self._planned = None

    def ready(self, variables: Variables, options: Mapping[str, Any]) -> Plan | None:
        """The plan made last, if apply would make the same one.

        A plan without changes is made again: an object may have been removed from Docker since.
        """
        if self._planned is None:
            return None
        key, plan = self._planned
        return plan if key == self._key(variables, options) and not plan.empty else None

    def _key(self, variables: Variables, options: Mapping[str, Any]) -> str:
        """A fingerprint of what a plan depends on, other than Docker."""
        folder = self.workspace.folder
        texts = [(str(name), (folder / name).read_bytes()) for name in configuration(folder)]
        state = folder / "terraform.tfstate"
        written = state.stat().st_mtime_ns if state.is_file() else 0
        chosen = {name: value for name, value in options.items() if value}
        exported = {k: v for k, v in os.environ.items() if k.startswith("TF_VAR_")}
        settings = [sorted(each.items()) for each in (variables, chosen, exported)]
        return digest(repr((texts, written, settings)))

    def _require_configuration(self, operation: str) -> None:
        if not any(
            name.suffix in (".tf", ".json") for name in configuration(self.workspace.folder)
        ):
            first = next(iter(files_of(self.workspace.name)), "main.tf")
            raise LabError(
                f"Todavía no hay nada que leer: {operation} necesita al menos un archivo .tf.",
                f"Ejecuta antes la celda que empieza por %%hcl {first} (o «Run → "
                "Ejecutar todo por encima de la celda seleccionada»).",
            )

    def _interrupted(self, operation: str) -> LabInterrupted:
        return LabInterrupted(
            f"Has detenido «{operation}».",
            "Terraform terminó lo que tenía entre manos y guardó el state: nada se ha perdido. "
            "Repite la celda para continuar desde donde quedó.",
        )
