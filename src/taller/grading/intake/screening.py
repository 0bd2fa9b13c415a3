"""The static screen on what a student wrote, in a process that can be killed."""

from collections.abc import Mapping

from docker_guard.refusal import Denial
from taller.grading.limited import Effort, TooMuch, limited
from taller.hcl import screen as rules

_EFFORT = Effort(processor_s=60, wall_s=300.0, memory_mb=1536)
"""The largest configuration that the rules allow needs 10 s and 200 MB."""


def screen(files: Mapping[str, str], *, remote_state: bool = False) -> list[Denial]:
    """Find what a configuration may not contain; see ``taller.hcl.screen``."""
    try:
        return limited(_screen, dict(files), remote_state, effort=_EFFORT)
    except TooMuch as error:
        advice = "Escribe solo los bloques que pide el ejercicio."
        return [
            Denial("size", ".", f"tu configuración no se puede leer: {error.message}. {advice}")
        ]


def _screen(files: Mapping[str, str], remote_state: bool) -> list[Denial]:
    return rules.screen(files, remote_state=remote_state)
