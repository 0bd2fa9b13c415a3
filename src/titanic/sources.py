"""Where the passenger list may come from: a file or an http(s) address."""

import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

from titanic.errors import BadInputError

TIMEOUT_S = 30
MAX_BYTES = 50 * 1024 * 1024


def fetch(source: str) -> bytes:
    """The content of `source`, at most 50 MiB.

    Raises:
        BadInputError: it does not exist, cannot be reached, or is too big.
    """
    scheme, separator, _ = source.partition("://")
    if not separator:
        return _read(Path(source))
    if scheme not in ("http", "https"):
        raise BadInputError(
            f"No sé leer de {source}: el esquema {scheme}:// no está admitido.",
            "Usa una ruta, o una dirección http:// o https://.",
        )
    return _download(source)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return _limited(stream.read(MAX_BYTES + 1), str(path))
    except OSError as error:
        raise BadInputError(
            f"No se puede leer {path}: {error.strerror}.",
            "Comprueba la ruta y, en un contenedor, que su volumen está montado.",
        ) from error


def _download(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:  # noqa: S310  scheme checked in fetch
            return _limited(answer.read(MAX_BYTES + 1), address)
    except urllib.error.HTTPError as error:
        raise BadInputError(
            f"{address} responde {error.code} ({error.reason}).",
            "Comprueba la dirección en un navegador.",
        ) from error
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise BadInputError(
            f"No se puede llegar a {address}: {reason}.",
            "Comprueba la dirección y la red del contenedor, o usa --source con un fichero local.",
        ) from error


def _limited(content: bytes, origin: str) -> bytes:
    if len(content) > MAX_BYTES:
        raise BadInputError(
            f"{origin} pasa de {MAX_BYTES // 1024**2} MiB: no es la lista de pasajeros.",
            "Comprueba que es el fichero correcto.",
        )
    return content
