"""The filesystem mirror that lets plain ``terraform init`` install this provider."""

import platform
import shlex
import sys
from pathlib import Path

from docker_provider.errors import ConfigurationError

VERSION = "3.9.0"
"""The kreuzwerker/docker version whose schema is followed: what ``~> 3.0`` selects."""

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def install(mirror: Path) -> Path:
    """Write the unpacked layout below `mirror` and return the provider's folder.

    The file in it is a launcher of this very Python. Raises ConfigurationError when the folder
    cannot be written or the platform is unknown.
    """
    address = Path("registry.terraform.io") / "kreuzwerker" / "docker"
    folder = mirror.absolute() / address / VERSION / terraform_platform()
    launcher = folder / f"terraform-provider-docker_v{VERSION}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        launcher.write_text(
            f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m docker_provider "$@"\n'
        )
        launcher.chmod(0o755)
    except OSError as error:
        raise ConfigurationError(
            "The provider mirror cannot be written",
            f"{error}. Choose a folder that you may write to.",
        ) from error
    return folder


def terraform_platform() -> str:
    """Return Terraform's name of this platform, ``linux_amd64`` for example."""
    machine = platform.machine().lower()
    if machine not in _ARCHITECTURES:
        raise ConfigurationError(
            f"Terraform has no known name for the processor {machine}",
            "The embedded provider runs on 64-bit x86 and ARM.",
        )
    return f"{platform.system().lower()}_{_ARCHITECTURES[machine]}"
