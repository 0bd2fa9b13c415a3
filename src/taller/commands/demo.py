"""``taller demo``."""

import time

import click


@click.command()
@click.option("--prefix", default="dev", show_default=True, help="Con él empieza cada nombre.")
@click.option("--run-id", help="Un valor nuevo ejecuta el pipeline otra vez.")
def demo(*, prefix: str, run_id: str | None) -> None:
    """Levanta la plataforma Titanic entera y enseña lo que ha hecho.

    La segunda vez reutiliza la última ejecución que terminó bien. Termina con un código distinto
    de 0 si algo falló.
    """
    from taller import demo as platform_demo
    from taller.demo import tables
    from taller.docker_state import DockerState
    from taller.doctor import repair
    from taller.errors import TallerError
    from taller.progress import Progress
    from taller.workspace import check_prefix

    check_prefix(prefix)
    began, progress, console = time.monotonic(), Progress(), tables.console()
    with progress.step("doctor"):
        findings = repair(progress)
    console.print(tables.parts_table(findings))
    try:
        platform = platform_demo.bring_up(prefix, run_id, progress)
    except TallerError:
        console.print(tables.containers_table(platform_demo.stages(prefix)))
        console.print(tables.steps_table(progress.steps, time.monotonic() - began))
        raise
    with progress.step("resultados: leo los volúmenes y dibujo"):
        engine, image = DockerState(), platform.outputs["image"]
        layers = platform_demo.read_layers(engine, platform.outputs["volumes"], image)
        model = platform_demo.read_model(engine, platform.outputs["volumes"]["models"], image)
        pictures = platform_demo.write_pictures(platform, model, engine)
    console.print(tables.layers_table(layers))
    console.print(tables.model_table(model))
    console.print(tables.containers_table(platform_demo.stages(prefix)))
    console.print(tables.pictures_lines(pictures), soft_wrap=True)
    if not platform.changed:
        console.print(f"Saltado: nada cambió desde el run {platform.run_id}; no se ejecutó nada.")
    console.print(tables.steps_table(progress.steps, time.monotonic() - began))
