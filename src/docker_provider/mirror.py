"""The filesystem mirror that lets plain ``terraform init`` install this provider.

Every version's folder holds one launcher, and its bytes are the same on every machine: so a lock
file that was committed holds on every checkout. Which Python it starts stands outside the folder.
"""

import platform
import sys
from pathlib import Path

from docker_provider.errors import ConfigurationError

VERSION = "3.9.0"
"""The kreuzwerker/docker version whose schema is followed: what ``~> 3.0`` selects."""

_OLDER = (
    *("3.0.0", "3.0.1", "3.0.2", "3.1.0", "3.1.1", "3.1.2", "3.2.0", "3.3.0", "3.4.0", "3.5.0"),
    *("3.6.0", "3.6.1", "3.6.2", "3.7.0", "3.8.0"),
)
_NEWER = ("4.5.0",)
VERSIONS = (*_OLDER, VERSION, *_NEWER)
"""The real provider's versions that a configuration may pin; 4.x is for who asks for it. All are
served by the same program."""

PYTHON_FILE = "docker-provider-python"
"""In the mirror's own folder: the path of the Python that has this package."""

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

_LAUNCHER = f"""\
#!/bin/sh
# Terraform links to this file's folder; the mirror's own folder is five above it.
folder=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
named="$folder/../../../../../{PYTHON_FILE}"
if [ -n "$DOCKER_PROVIDER_PYTHON" ]; then
    exec "$DOCKER_PROVIDER_PYTHON" -m docker_provider "$@"
elif [ -r "$named" ]; then
    exec "$(cat -- "$named")" -m docker_provider "$@"
fi
echo "$named does not exist: set DOCKER_PROVIDER_PYTHON to the Python with docker_provider" >&2
exit 1
"""


def install(mirror: Path) -> Path:
    """Write the unpacked layout below `mirror` and return the folder of `VERSION`.

    Raises ConfigurationError when the folder cannot be written or the platform is unknown.
    """
    provider = mirror.absolute() / "registry.terraform.io" / "kreuzwerker" / "docker"
    built_for = terraform_platform()
    try:
        for version in VERSIONS:
            folder = provider / version / built_for
            folder.mkdir(parents=True, exist_ok=True)
            launcher = folder / f"terraform-provider-docker_v{version}"
            launcher.write_bytes(_LAUNCHER.encode())
            launcher.chmod(0o755)
        (mirror / PYTHON_FILE).write_text(f"{sys.executable}\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            "The provider mirror cannot be written",
            f"{error}. Choose a folder that you may write to.",
        ) from error
    return provider / VERSION / built_for


def terraform_platform() -> str:
    """Return Terraform's name of this platform, ``linux_amd64`` for example."""
    machine = platform.machine().lower()
    if machine not in _ARCHITECTURES:
        raise ConfigurationError(
            f"Terraform has no known name for the processor {machine}",
            "The embedded provider runs on 64-bit x86 and ARM.",
        )
    return f"{platform.system().lower()}_{_ARCHITECTURES[machine]}"
