"""Who a guard works for, and what it lets through."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from docker_guard.errors import GuardError

MEGABYTE = 1024 * 1024

ISOLATED = "taller_isolated"
"""The guards' common network: what a tenant without egress calls ``bridge``."""

_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}", re.ASCII)
_LABEL_VALUE = re.compile(r"[\w.:/@ -]{0,120}")


@dataclass(frozen=True)
class Tenant:
    """The owner of everything that passes through one guard.

    Attributes:
        namespace: how the engine's name of each of the tenant's objects begins; the tenant does
            not see it. A secret, so that nobody meets another's names; lower case, because image
            names are. No tenant's may begin with another's: their names could not be told apart.
        exercise: the exercise at work, kept in the label ``taller.exercise``.
        run: the attempt, kept in the label ``taller.run``.

    Raises:
        GuardError: a namespace that Docker would not take in every kind of name.
    """

    namespace: str
    exercise: str = ""
    run: str = ""

    def __post_init__(self) -> None:
        if not _NAMESPACE.fullmatch(self.namespace):
            raise GuardError(
                f"El espacio «{self.namespace}» no sirve para nombrar objetos de Docker.",
                "Usa de 1 a 40 letras minúsculas, cifras, «_», «.» o «-», sin empezar por signo.",
            )
        for value in (self.exercise, self.run):
            if not _LABEL_VALUE.fullmatch(value):
                raise GuardError(f"«{value}» no sirve como valor de una etiqueta de Docker.")

    @property
    def labels(self) -> dict[str, str]:
        """The labels that mark an object as this tenant's."""
        return {
            "taller.prefix": self.namespace,
            "taller.exercise": self.exercise,
            "taller.run": self.run,
        }


def _no_arguments(_dockerfile: bytes) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Policy:
    """Limits of one tenant; the defaults suit the exercises.

    Attributes:
        images: base images that may be read, run and built upon, but neither changed nor deleted.
        registries: hosts (``localhost:5000``) that may be pulled from and pushed to, below the
            tenant's namespace only; none by default.
        egress: whether containers may reach other machines. Without it every network is internal
            and has no address of the host on it, and the network that the tenant calls
            ``bridge`` is a shared one on which containers do not see each other.
        build_network: network of the RUN steps of a build, ``none`` or ``default``.
        build_arguments: build arguments that go with a Dockerfile, whatever the tenant gives:
            those of the build that filled the engine's cache. The tenant never sees them.
        recipes: Dockerfiles that filled the engine's cache: builds that begin alike use it.
        whole_history: whether everything that was ever created is kept, for a verdict rests on
            it: there is an end to it. Otherwise what is older is forgotten.
        volumes, networks, containers, images_owned: how many objects may exist at a time.
        connections: how many requests may be under way at a time.
        memory_mb, memory_max_mb: a container's memory when it asks for none, and at most (MiB).
        cpus: processors that a container may use at a time.
        processes: processes and threads of a container.
        file_mb: size of the largest file that a container or a build step may write (MiB).
        disk_mb: disk that volumes, containers and what is built may fill together (MiB).
        log_mb: size of a container's log in all; older lines are dropped (MiB).
        build_memory_mb, build_seconds, output_mb: limits of a build; the last one is what it
            may write to its client (MiB). The processes of a step are those of a container.
        context_mb, context_files: size of a build context once unpacked (MiB), and its entries.
        upload_mb: size of what is copied into a container at a time (MiB).
        subnets: where, with egress, the subnets lie of networks that ask for one of their own.
    """

    images: tuple[str, ...] = ("taller/base:bookworm", "python:3.12-slim")
    registries: frozenset[str] = frozenset()
    egress: bool = False
    build_network: str = "none"
    build_arguments: Callable[[bytes], Mapping[str, str]] = _no_arguments
    recipes: tuple[bytes, ...] = ()
    whole_history: bool = True
    volumes: int = 40
    networks: int = 30
    containers: int = 30
    images_owned: int = 30
    connections: int = 64
    memory_mb: int = 512
    memory_max_mb: int = 1024
    cpus: float = 1.0
    processes: int = 256
    file_mb: int = 512
    disk_mb: int = 2048
    log_mb: int = 30
    build_memory_mb: int = 1024
    build_seconds: float = 600.0
    output_mb: int = 4
    context_mb: int = 64
    context_files: int = 5000
    upload_mb: int = 16
    subnets: tuple[str, ...] = field(default=("172.20.0.0/14", "172.24.0.0/14", "172.28.0.0/15"))

    def __post_init__(self) -> None:
        if self.build_network not in ("none", "default"):
            raise GuardError(
                f"build_network: «{self.build_network}» no existe; usa «none» o «default»."
            )
