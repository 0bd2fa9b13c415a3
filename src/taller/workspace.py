"""Where the workshop keeps its files: one folder per prefix and name, nothing outside."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from taller.errors import EXIT_USAGE, TallerError

PREFIX_VARIABLE = "TALLER_PREFIX"
DEFAULT_PREFIX = "dev"
_PREFIX = re.compile(r"[a-z][a-z0-9-]{0,30}")
"""The same as in infra/variables.tf."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True)
class Workspace:
    """The folder that holds one Terraform configuration and its state.

    Attributes:
        prefix: with which every Docker name of this workspace begins.
        name: what the workspace is for: an exercise, a lesson, ``demo``.
        folder: where the ``.tf`` files and the state are.
    """

    prefix: str
    name: str
    folder: Path

    @property
    def private(self) -> Path:
        """The workshop's own files about this workspace (provider process, run id, log)."""
        return self.folder / ".taller"


def repository() -> Path:
    """The workshop's checkout, or the current folder when the package is installed elsewhere."""
    checkout = Path(__file__).parents[2]
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


def home() -> Path:
    """``TALLER_HOME``, by default ``.taller`` in the repository."""
    chosen = os.environ.get("TALLER_HOME")
    return Path(chosen).expanduser().absolute() if chosen else repository() / ".taller"


def workspaces_folder() -> Path:
    """The parent of every workspace: ``<home>/workspaces/<prefix>/<name>``."""
    return home() / "workspaces"


def workspace(prefix: str, name: str) -> Workspace:
    """Return a workspace; its folder is made when it is not there yet.

    Raises:
        TallerError: a prefix or name that would not fit in a path or in a Docker name.
    """
    check_prefix(prefix)
    if not _NAME.fullmatch(name):
        raise TallerError(
            f"El nombre de workspace «{name}» no es válido.",
            "Usa de 1 a 40 minúsculas, cifras, guiones o guiones bajos, por ejemplo: ej01",
            exit_code=EXIT_USAGE,
        )
    found = Workspace(prefix, name, workspaces_folder() / prefix / name)
    found.private.mkdir(parents=True, exist_ok=True)
    return found


def check_prefix(prefix: str) -> None:
    """Raise ``TallerError`` for a prefix that Docker, Terraform or a path would refuse."""
    if not _PREFIX.fullmatch(prefix):
        raise TallerError(
            f"El prefijo «{prefix}» no es válido.",
            "Usa de 1 a 31 minúsculas, cifras o guiones, y empieza por una letra, por ejemplo: "
            "dev, ana-01",
            exit_code=EXIT_USAGE,
        )


def chosen_prefix() -> str:
    """The student's own: ``TALLER_PREFIX``, else the one that she gave once, else ``dev``.

    Raises:
        TallerError: see ``check_prefix``.
    """
    chosen = os.environ.get(PREFIX_VARIABLE) or kept_prefix() or DEFAULT_PREFIX
    check_prefix(chosen)
    return chosen


def kept_prefix() -> str:
    """The prefix that the student gave once; empty when nobody has asked yet."""
    file = home() / "prefix"
    return file.read_text("utf-8").strip() if file.is_file() else ""


def keep_prefix(prefix: str) -> None:
    """Remember the student's prefix for every notebook and command.

    Raises:
        TallerError: see ``check_prefix``.
    """
    check_prefix(prefix)
    home().mkdir(parents=True, exist_ok=True)
    (home() / "prefix").write_text(f"{prefix}\n", "utf-8")


def existing_workspaces(prefix: str | None = None) -> list[Workspace]:
    """Every workspace on disk, of one prefix or of all."""
    folders = sorted(workspaces_folder().glob(f"{prefix or '*'}/*/"))
    return [Workspace(folder.parent.name, folder.name, folder) for folder in folders]
