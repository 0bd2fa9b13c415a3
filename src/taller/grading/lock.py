"""One writer at a time in an OUT."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from taller.errors import TallerError
from taller.locking import exclusive


@contextmanager
def alone(output: Path) -> Iterator[None]:
    """Be the only one that writes to an OUT.

    Raises:
        TallerError: somebody else is at it.
    """
    try:
        with exclusive(output / ".lock", wait=False):
            yield
    except BlockingIOError as error:
        raise TallerError(
            f"Otro calificador está trabajando en {output}.",
            "No se ha tocado nada. Espera a que termine y repite el comando: lo que él califique "
            "no se califica otra vez.",
        ) from error
