"""The first thing that a lab shows: with what it works, honestly."""

from collections.abc import Callable

from taller import provider
from taller.docker_state import DockerState
from taller.errors import TallerError
from taller.lab.shown import Shown
from taller.terraform.version import locate, version
from taller.workspace import Workspace


class Banner(Shown):
    """Terraform, provider, engine and workspace; what is missing, and how to get it.

    Attributes:
        lines: label, value, tone.
        missing: advice for what is not there.
    """

    template = "banner.html"

    def __init__(self, title: str, workspace: Workspace, notes: list[str]) -> None:
        self.title = title
        self.notes = notes
        self.missing: list[str] = []
        self.lines = [
            ("Terraform", *self._found(lambda: version(locate()).text)),
            ("Provider", *self._found(lambda: provider.choose().title)),
            ("Docker Engine", *self._found(_engine)),
            ("Carpeta", str(workspace.folder), ""),
            ("Prefijo", workspace.prefix, ""),
        ]

    def _found(self, ask: Callable[[], str]) -> tuple[str, str]:
        try:
            return ask(), "good"
        except TallerError as error:
            self.missing.append(error.suggestion)
            return f"✗ {error.message}", "bad"

    @property
    def tone(self) -> str:
        """The colour of the whole."""
        return "warn" if self.missing else "good"

    def text(self) -> str:
        """The banner in lines."""
        rows = [f"  {label}: {value}" for label, value, _ in self.lines]
        advice = [f"→ {line}" for line in (*dict.fromkeys(self.missing), *self.notes)]
        if self.missing:
            advice.append(
                "Mientras tanto puedes seguir leyendo: solo fallarán las celdas que lo usan."
            )
        return "\n".join([self.title, *rows, *advice])


def _engine() -> str:
    found = DockerState().version()
    return f"{found.engine} (API {found.api}, {found.platform})"
