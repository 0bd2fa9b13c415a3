"""``taller provider``."""

from pathlib import Path

import click


@click.group()
def provider() -> None:
    """El proveedor Docker embebido, para usar Terraform a mano en una terminal."""


@provider.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
def install(folder: Path | None) -> None:
    """Escribe un mirror con el proveedor embebido y dice cómo usarlo.

    FOLDER es la carpeta del mirror; sin ella se usa la del taller (.taller/provider/embedded).
    """
    from taller.provider.mirror import install_mirror

    settings = install_mirror(folder)
    click.echo(f"✓ Mirror listo en {settings.parent}")
    click.echo("  Para usarlo en esta terminal:")
    click.echo(f"  export TF_CLI_CONFIG_FILE={settings}")
