"""``Lab``: Terraform and Docker in one workspace, from a notebook."""

import re
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from taller.catalog import Exercise, load_catalog
from taller.errors import TallerError
from taller.lab import files, magic
from taller.lab.cells import CellMap, digest
from taller.lab.checking import Checking
from taller.lab.diagnostics import syntax_error
from taller.lab.doubts import doubts
from taller.lab.errors import LabError
from taller.lab.journal import Journal
from taller.lab.plan_view import PlanView
from taller.lab.policy import exercise_policy
from taller.lab.saved import Saved
from taller.lab.session import Session
from taller.lab.shown import Table, show
from taller.lab.syntax import Look, look
from taller.lab.terraform_calls import TerraformCalls
from taller.process import ProgramMissing
from taller.workspace import chosen_prefix, workspace

if TYPE_CHECKING:
    from taller.lab.docker_view import DockerView
    from taller.lab.ending import Ended
    from taller.lab.own import OwnObjects
    from taller.lab.picture import Picture
    from taller.lab.stage import StageRun

# Docker's library takes 0.3 s to import: what needs it is imported inside the methods below.

_EXERCISE = re.compile(r"(?:ej|ejercicio|exercise)[\s_-]*\d|\d{1,2}", re.IGNORECASE)


class Lab(TerraformCalls, Checking):
    """One workspace of the workshop; see ``taller.lab`` for a tour.

    Attributes:
        name, prefix: what it is for, and how every Docker name of it begins.
        folder: the workspace, where the ``.tf`` files and the state are.
        exercise: the exercise, or None in a lesson.
    """

    def __init__(
        self, name: str = "libre", *, prefix: str | None = None, banner: bool = True
    ) -> None:
        """Open a workspace, or find it again after the kernel was restarted.

        Args:
            name: an exercise (``ej01``), a lesson (``leccion-03``), or ``infra`` for the
                reference infrastructure.
            prefix: with which every Docker name begins; by default the one chosen in lesson 00.
            banner: show what is in use.

        Raises:
            LabError: an exercise that does not exist, a prefix that Docker would refuse.
        """
        self._cells = CellMap()
        try:
            self.exercise = _exercise(name)
            prefix = chosen_prefix() if prefix is None else prefix
            self._workspace = workspace(prefix, self.exercise.id if self.exercise else name)
            self.name, self.prefix = self._workspace.name, prefix
            self.folder = self._workspace.folder
            if name == "infra":
                from taller.lab.given import copy_infra

                copy_infra(self.folder)
            defaults = self.exercise.variables if self.exercise else {}
            self._session = Session(self._workspace, self._given, defaults, self._cells)
            self._policy = (
                None if self.exercise is None else exercise_policy(self.exercise, self.folder)
            )
        except TallerError as error:
            raise LabError(error.message, error.suggestion) from error
        self._journal = Journal(self.folder, self._own_objects)
        self._session.watch = self._journal.around
        self.use()
        if banner:
            self._show_banner()

    def _show_banner(self) -> None:
        from taller.lab.banner import Banner

        show(Banner(self._title(), self._workspace, self._notes()))

    def _notes(self) -> list[str]:
        """What is worth knowing about a workspace that is not empty."""
        found = [str(name) for name in files.configuration(self.folder)]
        if not found or self.name == "infra":
            return []
        return [f"Esta carpeta ya tiene {', '.join(found)}: sigues donde lo dejaste."]

    def _given(self) -> dict[str, Any]:
        from taller.lab.given import given_variables

        return given_variables(self.folder, self.prefix)

    def _title(self) -> str:
        if self.exercise:
            return f"Ejercicio {int(self.exercise.id[2:])} · {self.exercise.title}"
        return "Infraestructura de referencia" if self.name == "infra" else f"Lab {self.name}"

    def use(self) -> None:
        """Let ``%%hcl`` write into this lab's workspace, as it does into the newest lab's."""
        magic.activate(self)

    # --- files ---------------------------------------------------------------

    def write(
        self, name: str, text: str, *, _number: int = 0, _first_line: int = 1, _seen: bool = True
    ) -> Saved:
        """Save a file of the configuration, as ``%%hcl`` does.

        Raises:
            LabError: a name that Terraform would not read or that leaves the workspace, a full
                disk (the previous version stays), or text that is not HCL (it is saved).
        """
        path = files.checked_name(name)
        before = self._text(path)
        known = self._cells.written(path)
        foreign = (
            before is not None
            and before != text
            and (known is None or known.digest != digest(before))
        )
        kept = files.save(self.folder, path, text)
        self._cells.record(path, _number, _first_line, text)
        remarks = [f"Lo que había antes está en {kept}"] if foreign and kept else []
        found = self._look(path, text, remarks) if _seen else Look(text, ())
        if path.suffix == ".tf":
            remarks += [f"⚠ línea {n + _first_line - 1}: {doubt}" for n, doubt in doubts(text)]
        if found.problems:
            raise syntax_error(path, found.problems, self._session.locator)
        return Saved(path, text, found.formatted, remarks)

    def _look(self, path: PurePosixPath, text: str, remarks: list[str]) -> Look:
        try:
            return look(str(path), text)
        except ProgramMissing as error:
            remarks.append(f"Sin comprobar: {error.message} {error.suggestion}")
            return Look(text, ())

    def _text(self, path: PurePosixPath) -> str | None:
        target = self.folder / path
        return target.read_text("utf-8", "replace") if target.is_file() else None

    def files(self) -> Table:
        """What the workspace holds, and which cell wrote it."""
        rows = [(str(name), *self._origin(name)) for name in files.configuration(self.folder)]
        old = any(origin == "" for _, _, origin in rows)
        note = (
            'Los que no vienen de una celda de ahora también cuentan; lab.remove("x.tf") los quita.'
        )
        return Table(f"Archivos de {self.folder}", ("archivo", "líneas", "celda"), rows,
                     note=note if old else "")  # fmt: skip

    def _origin(self, name: PurePosixPath) -> tuple[int, str]:
        text = self._text(name) or ""
        cell = self._cells.cell(name, text)
        return len(text.splitlines()), f"[{cell.number}]" if cell and cell.number else ""

    def copy_modules(self, *names: str) -> Table:
        """Copy modules of the reference ``infra/modules`` into the workspace's ``modules/``.

        Raises:
            LabError: there is no such module.
        """
        from taller.lab.given import copy_modules

        with self._session.speaking():
            copied = copy_modules(self.folder, names)
        return Table("Copiados de infra/", ("archivo",), [(str(path),) for path in copied])

    def remove(self, name: str) -> str:
        """Take a file out of the configuration; a copy is kept.

        Raises:
            LabError: there is no such file.
        """
        path = files.checked_name(name)
        kept = files.remove(self.folder, path)
        self._cells.forget(path)
        return f"«{path}» ya no forma parte de la configuración; queda una copia en {kept}"

    def fmt(self) -> Table:
        """Rewrite the configuration as ``terraform fmt`` does; the cells keep their own text."""
        rows = []
        for name in files.configuration(self.folder):
            text = self._text(name) or ""
            formatted = self._look(name, text, []).formatted
            if formatted != text:
                files.save(self.folder, name, formatted)
                rows.append((str(name),))
        return Table("Archivos con el formato corregido", ("archivo",), rows)

    # --- Docker --------------------------------------------------------------

    @cached_property
    def docker(self) -> "DockerView":
        """Tables of this run's volumes, images, containers and networks; logs; drift."""
        from taller.lab.docker_view import DockerView

        return DockerView(self._own_objects, self._session.forget_plan)

    def _own_objects(self) -> "OwnObjects":
        from taller.lab.own import OwnObjects, recorded_names

        with self._session.speaking():
            return OwnObjects(self.prefix, lambda: recorded_names(self.folder))

    def picture(self, plan: PlanView | None = None) -> "Picture":
        """Draw what exists now, or what a plan would leave.

        Raises:
            LabError: Docker or Terraform is missing.
        """
        from taller.lab.picture import Picture, picture_of_plan, picture_of_state

        if plan is not None:
            return picture_of_plan(plan.plan)
        if not files.configuration(self.folder):
            return Picture.empty(self._session.failure)
        state = self.state()
        with self._session.speaking():
            return picture_of_state(state, self._session.failure)

    @property
    def data(self) -> Path:
        """The folder where stages that run on this machine keep their layers."""
        return self._workspace.private / "data"

    def stage(
        self, name: str, *, container: bool = False, image: str | None = None, **environment: str
    ) -> "StageRun":
        """Run a stage of the pipeline on this machine, or in a container on the run's volumes.

        Args:
            name: ingest, transform, features, train or evaluate.
            container: run it in Docker, on the volumes ``<prefix>_raw`` and so on.
            image: for the container; by default the run's own pipeline image.
            environment: variables for the stage, such as ``EXPERIMENT_NAME="prueba"``.

        Raises:
            LabError: it failed, and its last lines say why; or there is no such stage or image.
        """
        from taller.lab.stage import run_here, run_in_container

        with self._session.speaking():
            if not container:
                return run_here(name, self.data, environment)
            own = self._own_objects()
            return run_in_container(name, own, self._workspace, image, environment)

    def teardown(self, *, keep: bool = True) -> "Ended":
        """Leave nothing of this workspace in Docker; the notebook's last cell.

        Args:
            keep: leave the points reached and copies of the files on the disk.

        Raises:
            LabError: Docker is missing, or something could not be removed.
        """
        from taller.lab.ending import Ended, clear_folder, remove_objects

        with self._session.speaking():
            removed = remove_objects(self._workspace, self._destroyed)
            clear_folder(self._workspace, keep_work=keep and self.exercise is not None)
        self._cells.clear()
        return Ended(removed)

    def _destroyed(self) -> list[str]:
        return [row.address for row in self.destroy().rows]


def _exercise(name: str) -> Exercise | None:
    """The exercise with this name, None for any other name.

    Raises:
        TallerError: it looks like an exercise, but there is none.
    """
    return load_catalog().exercise(name) if _EXERCISE.match(name) else None
