"""A base image made of Debian's packages, for machines that reach no image registry."""

import os
import shutil
import tempfile
from pathlib import Path

from docker.errors import APIError

from taller import process
from taller.docker_state import DockerState
from taller.doctor.packages import can_install, install, os_release
from taller.errors import TallerError
from taller.progress import Progress, Update

REPOSITORY = "taller/base"
_FALLBACK_SUITE = "bookworm"
_TOO_OLD = {"buster", "bullseye", "focal", "jammy"}
"""Releases whose Python is older than 3.11."""

_SECONDS = 900
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_SOURCES = ("sources.list", "sources.list.d/debian.sources", "sources.list.d/ubuntu.sources")
_PACKAGES = "python3,python3-venv,ca-certificates"
_LEFT_OUT = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
_CHANGES = (
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    f"ENV PIP_CERT={_CERTIFICATES} SSL_CERT_FILE={_CERTIFICATES}",
    "LABEL taller.role=base",
    'CMD ["python3"]',
)


def name() -> str:
    """The image's name; its tag is the Debian or Ubuntu release that it is made of."""
    return f"{REPOSITORY}:{_suite()}"


def build(state: DockerState, progress: Progress) -> None:
    """Make the image: mmdebstrap's packages and this machine's certificates, in one layer.

    Raises:
        TallerError: this machine has no mmdebstrap, or it failed.
    """
    if shutil.which("mmdebstrap") is None:
        if not can_install():
            raise TallerError(
                "No se puede descargar ni construir la imagen base.",
                "En Debian o Ubuntu: sudo apt-get install mmdebstrap; en otro sistema, conecta la "
                "máquina a Internet y repite: docker pull python:3.12-slim",
            )
        install(progress, "mmdebstrap", "para construir la imagen base")
    with tempfile.TemporaryDirectory(prefix="taller-base-") as scratch:
        archive = Path(scratch) / "base.tar"
        with progress.step(f"Imagen base: {name()} con mmdebstrap (medio minuto)") as update:
            _bootstrap(archive, update)
        with progress.step(f"Imagen base: importo {name()} en el engine"):
            _import(state, archive)


def _bootstrap(archive: Path, update: Update) -> None:
    left_out = [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    done = process.run(
        ["mmdebstrap", "--variant=minbase", f"--include={_PACKAGES}",
         '--aptopt=Acquire::Languages "none"', *left_out, *_hooks(),
         _suite(), str(archive), *_sources()],
        timeout=_SECONDS, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        on_line=update,
    )  # fmt: skip
    if done.returncode:
        raise TallerError(
            f"mmdebstrap no pudo construir la imagen base:\n{done.stderr.strip()[-800:]}",
            "Comprueba que «apt-get update» funciona en esta máquina y repite la orden.",
        )


def _hooks() -> list[str]:
    """``python`` beside ``python3``, and the certificates that this machine trusts."""
    hooks = ['--customize-hook=ln -s /usr/bin/python3 "$1/usr/local/bin/python"']
    if _CERTIFICATES.is_file():
        hooks.append(f"--customize-hook=copy-in {_CERTIFICATES} {_CERTIFICATES.parent}")
    return hooks


def _import(state: DockerState, archive: Path) -> None:
    api = state.client.api
    try:
        # not import_image_from_stream: it announces chunks, and sends none
        api.import_image(str(archive), REPOSITORY, _suite(), changes=list(_CHANGES))
    except APIError as error:
        raise TallerError(
            f"El Docker Engine no aceptó la imagen base: {error.explanation}",
            "Mira si queda sitio en el disco: docker system df",
        ) from error


def _suite() -> str:
    """This machine's release when its Python is recent enough, else Debian 12."""
    release = os_release().get("VERSION_CODENAME", _FALLBACK_SUITE)
    is_debian = {"debian", "ubuntu"} & {os_release().get("ID", "")}
    return release if is_debian and release not in _TOO_OLD else _FALLBACK_SUITE


def _sources() -> list[str]:
    """The machine's own apt sources, when they are of the release wanted."""
    if os_release().get("VERSION_CODENAME") != _suite():
        return []
    files = (Path("/etc/apt") / name for name in _SOURCES)
    return [str(file) for file in files if file.is_file()]
