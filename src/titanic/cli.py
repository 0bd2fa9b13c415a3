"""``python -m titanic.cli STAGE``: one stage, or all of them in order.

Stages are imported when they run, so that ``--help`` and each stage load only what they use.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from titanic.errors import EXIT_FAILURE, BadInputError, TitanicError
from titanic.settings import DEFAULT_CV_REPEATS, STAGES, Settings

HELP = {
    "ingest": "trae la lista de pasajeros a la capa raw",
    "transform": "raw → silver: limpia, tipa y aparta las filas no válidas",
    "features": "silver → gold y features: construye las variables del modelo",
    "train": "features → models: compara modelos, elige y entrena",
    "evaluate": "mide el modelo con los pasajeros apartados",
    "predict": "predice la supervivencia de los pasajeros de un fichero",
    "run": "ejecuta ingest, transform, features, train y evaluate, en orden",
}

ENVIRONMENT = f"""\
Variables de entorno:
  TITANIC_DATA_DIR    carpeta de las capas raw, silver, gold y features (por defecto /app/data)
  TITANIC_MODELS_DIR  carpeta de la capa models (por defecto /app/models)
  TITANIC_CV_REPEATS  repeticiones de la validación cruzada en train (si no: {DEFAULT_CV_REPEATS})
  TITANIC_RUN_ID      nombre de la ejecución; solo aparece en el log
  MODE                etapa que se ejecuta si no se indica ninguna, o si se indica run
  EXPERIMENT_NAME     nombre del experimento, para metrics.json y la tarjeta del modelo

Códigos de salida: 0 bien; 1 fallo del entorno (disco, permisos); 2 entrada o argumentos no válidos.
"""


class SpanishParser(argparse.ArgumentParser):
    """An argument parser that speaks Spanish where argparse lets it."""

    def error(self, message: str) -> NoReturn:
        """Report wrong arguments as every other bad input."""
        raise BadInputError(f"Argumentos no válidos: {message}.", "Consulta la ayuda con --help.")


class SpanishFormatter(argparse.RawDescriptionHelpFormatter):
    """Help that begins with "Uso:"."""

    def add_usage(self, usage, actions, groups, prefix=None):  # type: ignore[no-untyped-def]  # argparse's own private types
        """Write the usage line."""
        super().add_usage(usage, actions, groups, "Uso: " if prefix is None else prefix)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; the last line on stderr says what failed."""
    try:
        options = _parse(sys.argv[1:] if arguments is None else list(arguments))
        settings = Settings.from_environment()
        for stage in _stages(options.stage, settings.mode):
            _run(stage, settings, options)
    except TitanicError as error:
        return _fail(str(error), error.exit_code)
    except MemoryError:
        return _fail("No queda memoria. → Sube el límite de memoria del contenedor.", EXIT_FAILURE)
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    named = next((text for text in arguments if not text.startswith("-")), None)
    if named is not None and named not in HELP:
        raise BadInputError(f"No existe la etapa «{named}».", f"Elige una de: {', '.join(HELP)}.")
    return _parser().parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = _new_parser(
        SpanishParser, prog="titanic", description="El pipeline Titanic, etapa por etapa."
    )
    parser.set_defaults(source=None)
    stages = parser.add_subparsers(dest="stage", metavar="ETAPA", title="etapas")
    commands = {
        name: _new_parser(stages.add_parser, name=name, help=text, description=f"{name}: {text}.")
        for name, text in HELP.items()
    }
    for name in ("ingest", "run"):
        commands[name].add_argument_group("argumentos").add_argument(
            "--source", metavar="ORIGEN", help="ruta o dirección http(s) de un CSV como titanic3"
        )
    files = commands["predict"].add_argument_group("argumentos")
    files.add_argument("input", metavar="ENTRADA", type=Path, help="fichero .csv o .parquet")
    files.add_argument(
        *("-o", "--output"), metavar="SALIDA", type=Path, required=True, help=".csv o .parquet"
    )
    return parser


def _new_parser(
    make: Callable[..., argparse.ArgumentParser], **options: str
) -> argparse.ArgumentParser:
    parser = make(formatter_class=SpanishFormatter, epilog=ENVIRONMENT, add_help=False, **options)
    group = parser.add_argument_group("opciones")
    group.add_argument("-h", "--help", action="help", help="muestra esta ayuda y termina")
    return parser


def _stages(named: str | None, mode: str | None) -> tuple[str, ...]:
    """The stages to run. ``MODE`` decides when none is named; a contradiction is an error.

    Raises:
        BadInputError: no stage at all, an unknown ``MODE``, or one that contradicts `named`.
    """
    if mode is not None and mode not in STAGES:
        raise BadInputError(f"MODE={mode} no es una etapa.", f"Usa una de: {', '.join(STAGES)}.")
    if named is None and mode is None:
        raise BadInputError("No has indicado ninguna etapa.", f"Elige una de: {', '.join(HELP)}.")
    if named in (None, "run"):
        return (mode,) if mode else STAGES
    if mode not in (None, named):
        raise BadInputError(
            f"MODE={mode} contradice la etapa «{named}» del comando.",
            f"Quita MODE del entorno, o pon MODE={named}.",
        )
    return (str(named),)


def _run(stage: str, settings: Settings, options: argparse.Namespace) -> None:
    started = time.monotonic()
    run_id = f" (run_id {settings.run_id})" if settings.run_id else ""
    _log(f"{stage}: empieza{run_id}")
    run = import_module(f"titanic.stages.{stage}").run
    if stage == "predict":
        rows = run(settings, options.input, options.output)
    elif stage == "ingest":
        rows = run(settings, options.source).rows
    else:
        rows = run(settings).rows
    _log(f"{stage}: terminado, {rows} filas, {time.monotonic() - started:.1f} s")


def _log(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _fail(message: str, exit_code: int) -> int:
    _log(f"Error: {message}")
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
