"""``taller ledger``."""

import sys
from pathlib import Path

import click


@click.group()
def ledger() -> None:
    """El registro de los veredictos."""


@ledger.command()
@click.argument("output", metavar="OUT", type=click.Path(exists=True, path_type=Path))
def verify(output: Path) -> None:
    """Comprueba que nadie cambió, quitó ni intercaló veredictos en OUT/ledger.db.

    Termina con código 1 si algo no cuadra.
    """
    from taller.errors import EXIT_USAGE, TallerError
    from taller.grading.ledger import Ledger

    path = output / "ledger.db" if output.is_dir() else output
    if not path.is_file():
        raise TallerError(f"No hay ningún registro en {output}.", exit_code=EXIT_USAGE)
    with Ledger(path) as found:
        faults = list(found.faults())
    for fault in faults:
        click.echo(f"✗ {fault}")
    if faults:
        sys.exit(1)
    click.echo("✓ El registro está entero.")
