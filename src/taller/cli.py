"""The ``taller`` command line; each command's module is imported when it is asked for."""

import importlib
import sys
from importlib.util import find_spec
from typing import Any, NoReturn

import click

from taller.errors import TallerError

_ALL = {
    "build": "taller.commands.authoring:build",
    "check": "taller.commands.student:check",
    "classroom": "taller.commands.classroom:classroom",
    "clean": "taller.commands.clean:clean",
    "compare": "taller.commands.compare:compare",
    "demo": "taller.commands.demo:demo",
    "doctor": "taller.commands.doctor:doctor",
    "grade": "taller.commands.grade:grade",
    "hint": "taller.commands.student:hint",
    "ledger": "taller.commands.ledger:ledger",
    "list": "taller.commands.catalogue:list_",
    "mutants": "taller.commands.mutants:mutants",
    "provider": "taller.commands.provider:provider",
    "release": "taller.commands.authoring:release",
    "reset": "taller.commands.student:reset",
    "watch": "taller.commands.student:watch",
}
COMMANDS = {name: target for name, target in _ALL.items() if find_spec(target.partition(":")[0])}
"""Name → module and function. These modules import nothing heavy at their top: ``--help`` loads
all of them and has to answer in 0.3 s. A student release has no instructor's modules."""

_EXIT_INTERRUPTED = 130


class _LazyGroup(click.Group):
    """A group that finds its commands in ``COMMANDS``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), function)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(
                f"No existe el comando «{args[0]}». Hay: {', '.join(sorted(COMMANDS))}.", ctx
            ) from error


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="titanic-workshop", message="taller %(version)s")
def taller() -> None:
    """El taller Titanic: Terraform, Docker, datos y ciencia sobre un Docker Engine real."""


def main() -> NoReturn:
    """Run the command line; an error of the workshop is shown without a traceback."""
    try:
        taller.main(standalone_mode=False)
    except TallerError as error:
        _fail(error.message, error.suggestion, error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("Interrumpido.", "Lo que ya se hizo queda guardado.", _EXIT_INTERRUPTED)
    sys.exit(0)


def _fail(message: str, suggestion: str, code: int) -> NoReturn:
    click.secho(f"✗ {message}", fg="red", err=True)
    if suggestion:
        click.echo(f"  → {suggestion}", err=True)
    sys.exit(code)
