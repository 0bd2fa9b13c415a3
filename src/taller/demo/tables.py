"""The demo's results, for people."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from taller.demo.artefacts import Layer, Model
from taller.demo.solutions import Ran
from taller.docker_state import Container
from taller.doctor import Finding

if TYPE_CHECKING:
    from taller.demo.graded_class import GradedClass  # a student release has no such module

_MODELS = {
    "logistic_regression": "regresión logística",
    "random_forest": "random forest",
    "gradient_boosting": "gradient boosting",
}


def console() -> Console:
    """Standard output; wide enough for the tables when it is not a terminal."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=110)


def layers_table(layers: Iterable[Layer]) -> Table:
    """One row a layer, with its rows and columns."""
    table = _table("Capas de datos", "capa", "volumen", "la escribe", ">filas", ">columnas", ">KB")
    for layer in layers:
        size = f"{layer.bytes / 1024:.0f}"
        table.add_row(
            layer.name, layer.volume, layer.stage, str(layer.rows), str(layer.columns), size
        )
    return table


def model_table(model: Model) -> Table:
    """Accuracy and area under the ROC curve, cross-validated and on data never seen."""
    metrics, held_out = model.metrics, model.evaluation
    table = _table("Modelo", "medida", ">accuracy", ">ROC AUC")
    name = _MODELS.get(metrics["model"], metrics["model"])
    crossed, grouped = metrics["cross_validation"], metrics["grouped_cross_validation"]
    folds = f"{crossed['repeats']}x{crossed['folds']}"
    table.add_row(f"{name}, validación cruzada {folds}", *_scores(crossed))
    table.add_row("validación cruzada sin repartir grupos de un billete", *_scores(grouped))
    table.add_row(
        f"{held_out['rows']} pasajeros apartados (evaluate)",
        f"{held_out['accuracy']:.3f} ± {held_out['accuracy_standard_error']:.3f}",
        f"{held_out['roc_auc']:.3f}",
    )
    goal = metrics["goal"]
    verdict = "alcanzado" if goal["reached"] else "no alcanzado"
    table.add_row(f"objetivo: {verdict}", f"≥ {goal['accuracy']:.2f}", f"≥ {goal['roc_auc']:.2f}")
    return table


def solutions_table(ran: Iterable[Ran]) -> Table:
    """One row a solution: what it was worth, and how its run ended."""
    table = _table("Soluciones", "ejercicio", "título", ">puntos", "resultado", ">segundos")
    for one in ran:
        result = one.failure or ("sin cambios: saltada" if one.skipped else "✓ pasa")
        exercise = one.exercise
        table.add_row(
            exercise.id, exercise.title, str(exercise.points), result, f"{one.seconds:.1f}"
        )
    return table


def class_table(graded: "GradedClass") -> Table:
    """One row a hand-in: whose, what it is, and its verdict."""
    table = _table(
        "Clase de ejemplo, calificada", "estudiante", "ejercicio", "entrega", "veredicto",
        ">puntos", "esperado",
    )  # fmt: skip
    for one in graded.verdicts:
        given, expected = one.hand_in, _points(one.hand_in.score, one.hand_in.exercise.points)
        points = _points(one.score, given.exercise.points)
        mark = "✓" if one.expected else f"✗ {given.status} {expected}"
        row = (given.student, given.exercise.id, given.what, one.status, points, mark)
        table.add_row(*row, style="" if one.expected else "red")
    return table


def class_lines(graded: "GradedClass") -> str:
    """Where the class's report, marks and feedback are."""
    names = ("report.html", "gradebook.csv", "feedback")
    return "Para docentes:\n" + "\n".join(f"  {graded.output / name}" for name in names)


def _points(score: int | None, best: int) -> str:
    return "sin nota" if score is None else f"{score}/{best}"


def _scores(scores: Mapping[str, Any]) -> list[str]:
    pairs = (scores["accuracy"], scores["roc_auc"])
    return [f"{pair['mean']:.3f} ± {pair['std']:.3f}" for pair in pairs]


def containers_table(containers: Iterable[Container]) -> Table:
    """One row a container, with its exit code."""
    table = _table("Contenedores", "contenedor", "estado", ">código de salida", ">segundos")
    for found in containers:
        code = "" if found.exit_code is None else str(found.exit_code)
        style = "red" if found.exit_code else ""
        seconds = "" if found.seconds is None else f"{found.seconds:.1f}"
        table.add_row(found.name, found.status, code, seconds, style=style)
    return table


def parts_table(findings: Iterable[Finding]) -> Table:
    """What is the real thing and what is embedded."""
    words = {"found": "real", "embedded": "embebido", "missing": "falta"}
    table = _table("Qué se usó", "parte", "es", "versión", "detalle")
    for finding in findings:
        table.add_row(finding.part, words[finding.status], finding.version, finding.detail)
    return table


def steps_table(steps: Sequence[tuple[str, float, bool]], total: float) -> Table:
    """The time of each step, and of all."""
    table = _table("Tiempos", "paso", ">segundos")
    for title, seconds, succeeded in steps:
        table.add_row(title, f"{seconds:.1f}", style="" if succeeded else "red")
    table.add_row("total", f"{total:.1f}", style="bold")
    return table


def pictures_lines(paths: Iterable[Path]) -> str:
    """Where the pictures are."""
    return "Figuras:\n" + "\n".join(f"  {path}" for path in paths)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        right = column.startswith(">")
        table.add_column(column.lstrip(">"), justify="right" if right else "left", overflow="fold")
    return table
