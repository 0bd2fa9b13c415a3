"""What each status means, in plain words."""

from dataclasses import dataclass

from taller.result import Status


@dataclass(frozen=True)
class Wording:
    """How a status is told.

    Attributes:
        name: for instructors.
        short: one word in a table.
        title: for the student: what happened.
        why: what it means.
        next: what to do.
    """

    name: str
    short: str
    title: str = ""
    why: str = ""
    next: str = ""


WORDS: dict[Status, Wording] = {
    "graded": Wording("Calificada", ""),
    "timeout": Wording(
        "Sin terminar a tiempo",
        "tiempo",
        "Tu notebook no llegó al final",
        "Se detuvo, y se comprobó lo que ya estaba hecho: esos puntos son tuyos. Cuenta el tiempo "
        "de procesador que usa tu código, no lo ocupada que esté la máquina; y quien espera sin "
        "que nada avance no espera más de medio minuto.",
        "Reinicia el kernel y ejecuta todo de arriba abajo (Run → Restart Kernel and Run All "
        "Cells). Mira en qué celda se queda, corrígela y vuelve a entregar.",
    ),
    "policy_violation": Wording(
        "Rechazada por las normas",
        "normas",
        "Contiene algo que aquí no se admite",
        "Las entregas se ejecutan aisladas y solo con el provider de Docker y los archivos de su "
        "carpeta. Lo que ejecuta otros programas, lee fuera de esa carpeta o pide privilegios se "
        "rechaza, sea cual sea la intención.",
        "Quita lo que se nombra arriba, comprueba con lab.check() que todo sigue pasando y vuelve "
        "a entregar. Si crees que es un error, enséñale esta página a tu instructor.",
    ),
    "invalid_notebook": Wording(
        "Archivo no válido",
        "archivo",
        "El archivo entregado no se pudo leer",
        "Sin un notebook que se pueda abrir no hay respuestas que calificar.",
        "Antes de entregarlo otra vez, comprueba que se abre en JupyterLab y que la extensión "
        "sigue siendo .ipynb.",
    ),
    "infra_error": Wording(
        "Sin nota por un fallo del sistema",
        "sistema",
        "Todavía no hay nota, y no es culpa tuya",
        "Falló el sistema que califica, no tu trabajo. Tu entrega está guardada y no pierdes "
        "ningún punto.",
        "No tienes que hacer nada: se volverá a calificar y esta página cambiará.",
    ),
}


def cheer(score: int, max_score: int) -> str:
    """A word to go on with, for a score."""
    if score >= max_score:
        return "¡Muy bien! Todo está como debe."
    if score:
        return "Vas por buen camino: mira qué falta."
    return "Todavía no pasa ninguna comprobación: empieza por la primera."


def tone(score: int | None, max_score: int) -> str:
    """The colour's name: as on the card that students know from the lab."""
    if score is None:
        return "none"
    return "good" if score >= max_score else "warn" if score else "bad"
