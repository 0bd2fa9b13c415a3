"""``taller clean``."""

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from taller.clean import Report


@click.command()
@click.option("--prefix", help="Borra solo lo de este prefijo; por defecto, el tuyo.")
@click.option("--all", "everything", is_flag=True, help="Borra todo lo del taller.")
def clean(*, prefix: str | None, everything: bool) -> None:
    """Borra lo que el taller creó en Docker y en el disco, y nada más.

    Es del taller lo que registra el state de un workspace o lleva las etiquetas taller.*; lo
    demás no se toca, se llame como se llame. Termina con código 1 si algo no se pudo borrar.
    """
    if everything and prefix is not None:
        raise click.UsageError("Elige una de las dos: --prefix PREFIJO o --all.")
    from taller import clean as cleaning
    from taller.workspace import chosen_prefix

    own = chosen_prefix() if prefix is None else prefix
    report = cleaning.clean_all() if everything else cleaning.clean(own)
    _show(report)
    if report.kept:
        sys.exit(1)


def _show(report: "Report") -> None:
    for kind, name in report.removed:
        click.echo(f"- {kind} {name}")
    for kind, name, reason in report.kept:
        click.secho(f"✗ {kind} {name}: {reason}", fg="red", err=True)
    total = len(report.removed)
    click.echo(f"✓ {total} objetos borrados." if total else "✓ No había nada que borrar.")
