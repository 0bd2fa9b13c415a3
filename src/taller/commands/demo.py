"""``taller demo``."""

import time

import click


@click.command()
@click.option("--prefix", default="demo", show_default=True, help="Con él empieza cada nombre.")
@click.option("--run-id", help="Un valor nuevo ejecuta el pipeline otra vez.")
@click.option(
    "--solutions/--no-solutions",
    default=True,
    help="Ejecuta también las soluciones y califica una clase de ejemplo (por defecto).",
)
def demo(*, prefix: str, run_id: str | None, solutions: bool) -> None:
    """Levanta la plataforma Titanic entera y enseña lo que ha hecho.

    La segunda vez reutiliza la última ejecución que terminó bien. Termina con un código distinto
    de 0 si algo falló.
    """
    from taller.demo import tables
    from taller.demo.show import show_demo
    from taller.progress import Progress
    from taller.workspace import check_prefix

    check_prefix(prefix)
    began, progress, console = time.monotonic(), Progress(), tables.console()
    try:
        show_demo(prefix, run_id, progress, console, solutions=solutions)
    finally:
        console.print(tables.steps_table(progress.steps, time.monotonic() - began))
