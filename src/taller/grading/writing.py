"""One clear sentence when OUT cannot be written to."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from taller.errors import TallerError

_WHY = {
    errno.ENOSPC: ("no queda sitio en el disco", "Haz sitio"),
    errno.EDQUOT: ("has llegado a tu cuota de disco", "Haz sitio"),
    errno.EROFS: ("ese disco es de solo lectura", "Elige otra carpeta con -o"),
    errno.EACCES: ("no tienes permiso", "Da permiso de escritura en esa carpeta, o elige otra"),
    errno.EPERM: ("no tienes permiso", "Da permiso de escritura en esa carpeta, o elige otra"),
    errno.ENOTDIR: ("en su camino hay un archivo", "Elige otra carpeta con -o"),
    errno.ENAMETOOLONG: ("la ruta es demasiado larga", "Elige una carpeta más corta con -o"),
    errno.EIO: ("el disco falla", "Míralo"),
}


@contextmanager
def writing_to(output: Path) -> Iterator[None]:
    """Explain what the system refuses while something is written.

    Raises:
        TallerError: it refused; what was recorded until then stays, and the next run goes on.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _WHY:
            raise
        why, advice = _WHY[error.errno]
        raise TallerError(
            f"No se puede escribir en {error.filename or output}: {why}.",
            f"{advice} y repite el comando: lo que ya está en el registro no se califica otra vez.",
        ) from error
