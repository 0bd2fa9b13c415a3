"""How a run that was stopped is told: what it had done by then counts, and why it ended is said."""

from dataclasses import dataclass, replace
from typing import Final

from taller.grading.sandbox import Limits, Status
from taller.result import Result

_SHOWN = 80
_KEPT: Final = "Cuenta lo que ya estaba hecho."
_WHY: dict[Status, str] = {
    "memory": "Tu notebook usó más memoria de la que hay para corregirlo.",
    "output": "Tu notebook escribió demasiada salida.",
    "processes": "Tu notebook abrió demasiados procesos.",
    "disk": "Tu notebook escribió demasiado en el disco.",
    "killed": "El kernel de tu notebook terminó antes de tiempo.",
}
_ORACLE = (
    "Al comprobar lo que dejó, Terraform no terminó a tiempo: lo que faltaba no se pudo comprobar."
)


@dataclass(frozen=True)
class Stopped:
    """How the notebook's run ended.

    Attributes:
        status: of its sandbox.
        limits: of it.
        cell: text of the cell at which it ended; empty when all were run.
        used: processor seconds.
        container: the one that was last made and still ran, if any.
    """

    status: Status
    limits: Limits
    cell: str
    used: float
    container: str

    @property
    def why(self) -> str:
        """For the student; empty when nothing stopped it."""
        where = f" en la celda «{_first_line(self.cell)}»" if self.cell else ""
        if self.status == "idle":
            return self._waited(where)
        if self.status == "timeout":
            slow = self.used < self.limits.cpu_s
            limit = (
                f"{self.limits.wall_s:g} s de reloj"
                if slow
                else f"{self.limits.cpu_s:g} s de procesador"
            )
            return f"Tu notebook no terminó en {limit}: se detuvo{where}. {_KEPT}"
        return _WHY.get(self.status, "")

    def _waited(self, where: str) -> str:
        seconds = f"{self.limits.idle_s:g} s"
        what = f"Tu notebook esperó {seconds} sin que nada avanzara y se detuvo{where}."
        if self.container:
            what += (
                f" Seguía en marcha el contenedor «{self.container}»: si Terraform espera a que "
                "acabe (attach = true), lo que ejecuta tiene que terminar solo."
            )
        return f"{what} {_KEPT}"

    def told(self, result: Result) -> Result:
        """A verdict on what the run left, which says why it ended wherever that may matter."""
        why = self.why
        if not why or result.status not in ("graded", "timeout"):
            return result
        checks = tuple(
            check if check.passed else replace(check, message=f"{check.message} {why}".strip())
            for check in result.checks
        )
        late = self.status in ("timeout", "idle")
        status = "timeout" if late else result.status
        return replace(result, status=status, checks=checks, flags=(*result.flags, why))


def oracle_told(result: Result, status: Status) -> Result:
    """A verdict on what the oracle could find out before it was stopped itself."""
    if status == "ok" or result.status != "graded":
        return result
    return replace(result, status="timeout", flags=(*result.flags, _ORACLE))


def _first_line(cell: str) -> str:
    lines = (line.strip() for line in cell.splitlines())
    line = next((line for line in lines if line and not line.startswith("#")), "")
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
