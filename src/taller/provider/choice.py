"""Registry, mirror or embedded: what Terraform is given as ``kreuzwerker/docker``."""

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from taller import workspace
from taller.errors import EXIT_USAGE, TallerError

Kind = Literal["registry", "mirror", "embedded"]

ADDRESS = "registry.terraform.io/kreuzwerker/docker"
_ASKED = "TALLER_PROVIDER"


@dataclass(frozen=True)
class Choice:
    """Where the Docker provider comes from.

    Attributes:
        kind: registry, mirror or embedded.
        version: the provider's version, or "" when Terraform will choose it.
        folder: the mirror's folder, or None.
        served_here: whether it is this workshop's own provider, even out of a mirror.
    """

    kind: Kind
    version: str = ""
    folder: Path | None = None
    served_here: bool = False

    @property
    def title(self) -> str:
        """One line for people, in Spanish."""
        whose = "proveedor embebido" if self.served_here else "kreuzwerker/docker"
        place = {
            "registry": " del registry de Terraform",
            "mirror": f" del mirror {self.folder}",
            "embedded": " (embedded provider: habla con un Docker Engine real)",
        }[self.kind]
        return f"{whose} {self.version}".rstrip() + place


def choose() -> Choice:
    """Decide, without a look at the network: ``TALLER_PROVIDER``, else mirror, else embedded.

    ``taller doctor --fix`` fills the mirror from the registry where one answers.

    Raises:
        TallerError: ``TALLER_PROVIDER`` has a value that does not exist, or asks for a mirror
            where there is none.
    """
    asked = os.environ.get(_ASKED) or "auto"
    mirrors = list(_mirrors())
    match asked:
        case "embedded":
            return Choice("embedded", served_here=True)
        case "registry":
            return Choice("registry")
        case "mirror" if mirrors:
            return mirrors[0]
        case "mirror":
            raise TallerError(
                f"{_ASKED}=mirror, pero ningún mirror contiene {ADDRESS} 3.x.",
                "Crea uno con «taller provider install», o usa TALLER_PROVIDER=embedded.",
            )
        case "auto":
            genuine = [mirror for mirror in mirrors if not mirror.served_here]
            return genuine[0] if genuine else Choice("embedded", served_here=True)
    raise TallerError(
        f"{_ASKED}={asked} no existe.",
        "Valores posibles: auto, registry, mirror, embedded.",
        exit_code=EXIT_USAGE,
    )


def own_mirror() -> Path:
    """Where ``taller provider install`` puts the embedded provider by default."""
    return workspace.home() / "provider" / "embedded"


def registry_mirror() -> Path:
    """Where ``taller doctor --fix`` keeps what the registry gave."""
    return workspace.home() / "provider" / "registry"


def _mirror_folders() -> Iterator[Path]:
    """The workshop's mirrors, then the folders that Terraform itself looks into."""
    named = os.environ.get("TALLER_PROVIDER_MIRROR")
    if named:
        yield Path(named)
    yield registry_mirror()
    yield Path.home() / ".terraform.d" / "plugins"
    data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    for parent in (Path(data_home), Path("/usr/local/share"), Path("/usr/share")):
        yield parent / "terraform" / "plugins"
    yield own_mirror()


def _mirrors() -> Iterator[Choice]:
    """Every mirror that has version 3.x of the provider for this platform, newest first."""
    for folder in _mirror_folders():
        provider = folder / ADDRESS
        unpacked = provider.glob(f"3.*/{_platform()}/terraform-provider-docker*")
        packed = provider.glob(f"terraform-provider-docker_3.*_{_platform()}.zip")
        found = [(path.parent.parent.name, path) for path in unpacked]
        found += [(path.name.split("_")[1], path) for path in packed]
        for version, path in sorted(found, key=lambda item: _numbers(item[0]), reverse=True):
            yield Choice("mirror", version, folder, served_here=_is_script(path))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _is_script(path: Path) -> bool:
    """The embedded provider is started by a script; the genuine one is a compiled program."""
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def _platform() -> str:
    """Terraform's name of this platform, such as ``linux_amd64``."""
    machine = platform.machine().lower()
    names = {"x86_64": "amd64", "aarch64": "arm64"}
    return f"{sys.platform}_{names.get(machine, machine)}"
