"""The whole demo, step by step, with what each step found."""

from importlib.util import find_spec

from rich.console import Console

from taller.demo import tables
from taller.demo.artefacts import read_layers, read_model
from taller.demo.platform import Platform, bring_up, stages
from taller.demo.report import write_pictures
from taller.demo.solutions import run_solutions
from taller.docker_state import DockerState
from taller.doctor import repair
from taller.errors import TallerError
from taller.progress import Progress
from taller.terraform import TerraformError


def show_demo(
    prefix: str, run_id: str | None, progress: Progress, console: Console, *, solutions: bool
) -> None:
    """Get what is missing, bring the platform up, show what it made; run the solutions and grade
    a small class.

    Raises:
        TallerError: something failed; what there is of the containers was shown.
    """
    with progress.step("doctor"):
        findings = repair(progress)
    console.print(tables.parts_table(findings))
    try:
        platform = bring_up(prefix, run_id, progress)
    except TerraformError:
        _show_stages(prefix, console)
        raise
    _show_results(platform, progress, console)
    _show_stages(prefix, console)
    if not platform.changed:
        console.print(f"Saltado: nada cambió desde el run {platform.run_id}; no se ejecutó nada.")
    if solutions:
        _show_solutions(platform, progress, console)
        if find_spec("taller.demo.graded_class"):  # a student release has no grader
            _show_class(platform, progress, console)


def _show_results(platform: Platform, progress: Progress, console: Console) -> None:
    volumes = platform.outputs["volumes"]
    with progress.step("resultados: leo los volúmenes y dibujo"):
        engine = DockerState()
        layers = read_layers(engine, volumes)
        model = read_model(engine, volumes["models"])
        pictures = write_pictures(platform, model, engine)
    console.print(tables.layers_table(layers))
    console.print(tables.model_table(model))
    console.print(tables.pictures_lines(pictures), soft_wrap=True)


def _show_solutions(platform: Platform, progress: Progress, console: Console) -> None:
    ran = run_solutions(platform, progress)
    if not ran:
        console.print("Esta carpeta no trae soluciones: no hay ninguna que ejecutar.")
        return
    console.print(tables.solutions_table(ran))
    failed = [one.exercise.id for one in ran if one.failure]
    if failed:
        raise TallerError(
            f"No pasan las soluciones de: {', '.join(failed)}.",
            f"Los notebooks ejecutados están en {platform.workspace.folder / 'report'}.",
        )


def _show_class(platform: Platform, progress: Progress, console: Console) -> None:
    from taller.demo.graded_class import grade_class

    graded = grade_class(platform, progress)
    if graded is None:
        return
    console.print(tables.class_table(graded))
    console.print(tables.class_lines(graded), soft_wrap=True)
    other = [one.hand_in.student for one in graded.verdicts if not one.expected]
    if other:
        raise TallerError(
            f"El veredicto no es el esperado para: {', '.join(other)}.",
            f"Los resultados, con su porqué, están en {graded.output / 'results'}.",
        )


def _show_stages(prefix: str, console: Console) -> None:
    try:
        console.print(tables.containers_table(stages(prefix)))
    except TallerError as error:  # after a failure this may be impossible, and is not the cause
        console.print(f"Los contenedores no se pueden leer: {error.message}")
