"""``taller build`` and ``taller release``: for authors and instructors, never for students."""

from pathlib import Path

import click

from taller.workspace import repository

_SIGNS = {"missing": "falta", "stale": "distinto", "extra": "sobra"}


@click.command()
@click.option("--check", is_flag=True, help="No escribe nada: termina con 1 si algo difiere.")
def build(check: bool) -> None:
    """Genera notebooks/, exercises/ y solutions/ a partir de content/."""
    # The builder imports jupytext, which takes seconds: not paid by the other commands.
    from taller.builder import compare, render, write

    root = repository()
    files = render(root)
    differences = compare(root, files) if check else write(root, files)
    for difference in differences:
        click.echo(f"{_SIGNS[difference.kind]:>8}  {difference.path}")
    if check and differences:
        click.echo("Lo generado no corresponde a content/. Ejecuta: taller build", err=True)
        raise SystemExit(1)
    verb = "al día" if not differences else "escritos" if not check else "comparados"
    notebooks = sum(path.suffix == ".ipynb" for path in files)  # the questions' file is none
    click.echo(f"{notebooks} notebooks {verb}.")


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("dist"),
    show_default=True, help="Carpeta en la que se crea la entrega.",
)  # fmt: skip
def release(output: Path) -> None:
    """Prepara la carpeta y el zip para estudiantes: sin soluciones ni comprobaciones ocultas."""
    from taller.release import make_release

    made = make_release(repository(), output)
    click.echo(f"Carpeta: {made.folder}\nZip:     {made.archive}")
