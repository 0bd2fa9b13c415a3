"""``taller list``: what there is to learn and to do."""

import click

from taller.catalog import load_catalog


@click.command("list")
def list_() -> None:
    """Muestra las lecciones y los ejercicios, en orden."""
    catalog = load_catalog()
    click.echo("Lecciones (notebooks/)")
    for lesson in catalog.lessons:
        click.echo(f"  {lesson.id}    {lesson.title}")
    click.echo("\nEjercicios (exercises/)")
    for exercise in catalog.exercises:
        optional = ", opcional" if exercise.optional else ""
        click.echo(f"  {exercise.id}  {exercise.title} ({exercise.points} puntos{optional})")
