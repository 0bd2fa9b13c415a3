"""What an apply waits for, said after a while: the container that does not end, and why."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from taller.errors import TallerError
from taller.terraform import Plan

if TYPE_CHECKING:  # Docker's library takes 0.3 s to import: only who waits pays for it
    from taller.docker_state import Container

_LOG_LINES = 4
_SHOWN = 90
_ENDLESS = re.compile(
    r"sleep infinity|tail -[fF]|http\.server|serve_forever|\bwhile (?:true|True|:|1)|uvicorn|nginx"
)
_END = (
    "Si es normal, espera. Si no, detén la celda con ■: Terraform apunta en el state lo que hizo, "
    "y puedes corregir y repetir."
)


class Waiting:
    """Explains why the creation of a container takes long.

    Attributes:
        plan: what is being applied, when that is known.
    """

    def __init__(self, prefix: str) -> None:
        """Explain the containers of a run; its names begin with the prefix."""
        self._prefix = prefix
        self.plan: Plan | None = None

    def explain(self, address: str, seconds: float) -> str:
        """What a resource waits for; empty for what is no container, or not there yet."""
        from taller.docker_state import DockerState

        if "docker_container." not in address:
            return ""
        try:
            containers = DockerState().containers()
        except TallerError:  # Terraform will say what is wrong with the engine
            return ""
        after = self._planned(address)
        found = self._meant(after, containers)
        if found is None:
            return ""
        lines = [
            f"{address} lleva {seconds:.0f} s. {_why(found, after)}",
            f"  Su orden: {_brief(' '.join(found.command))}",
            *(f"  {line}" for line in _suspicion(found, containers, after)),
            *_log(found),
            f"  {_END}",
        ]
        return "\n".join(lines)

    def _planned(self, address: str) -> dict[str, object]:
        for change in self.plan.changes if self.plan else ():
            if change.address == address:
                return dict(change.after or {})
        return {}

    def _meant(
        self, after: dict[str, object], containers: "Sequence[Container]"
    ) -> "Container | None":
        """The container with the planned name; where no plan says it, the newest of the run."""
        alive = [c for c in containers if c.status in ("running", "restarting")]
        if after:
            return next((c for c in alive if c.name == after.get("name")), None)
        own = (c for c in alive if c.name.startswith(f"{self._prefix}_"))
        return max(own, key=lambda c: c.created, default=None)


def _why(found: "Container", after: dict[str, object]) -> str:
    if found.status == "restarting":
        return f"El contenedor «{found.name}» termina y Docker lo arranca otra vez (restart)."
    if after.get("attach"):
        return f"Terraform espera a que termine «{found.name}» (attach = true), y sigue en marcha."
    if after.get("wait"):
        return (
            f"Terraform espera a que «{found.name}» esté sano (wait = true), y no lo está todavía."
        )
    return f"El contenedor «{found.name}» está en marcha, y Terraform aún no lo da por bueno."


def _suspicion(
    found: "Container", containers: "Sequence[Container]", after: dict[str, object]
) -> list[str]:
    """What could be wrong, as far as Docker shows it."""
    if not after.get("attach", True):
        return []
    twins = [
        c.name for c in containers
        if c.id != found.id and c.command == found.command and c.status == "running"
        and set(c.networks) & set(found.networks)
    ]  # fmt: skip
    if twins:
        return [f"Es la misma orden que la de «{twins[0]}», que tampoco termina: ¿la has copiado?"]
    if _ENDLESS.search(" ".join(found.command)):
        return [
            "Parece un servicio, que no termina nunca: attach = true es para trabajos que acaban."
        ]
    return []


def _log(found: "Container") -> list[str]:
    from taller.docker_state import DockerState

    try:
        text = DockerState().logs(found.id, tail=_LOG_LINES)
    except TallerError:  # it ended meanwhile
        return []
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return ["  En su log todavía no hay nada."]
    return ["  Lo último de su log:", *(f"    {_brief(line)}" for line in lines)]


def _brief(text: str) -> str:
    """One line of text, without what a terminal would obey."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"
