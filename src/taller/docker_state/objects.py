"""Docker's objects as typed data.

Engines leave out what is not set (from API 1.52 on), or write it as null, zero or empty: whatever
says nothing reads the same in each way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Json = Mapping[str, Any]
Labels = Mapping[str, str]

_NEVER = "0001-01-01T00:00:00Z"
"""How the engine writes a time that has not come."""


@dataclass(frozen=True)
class Volume:
    """A named volume; ``mountpoint`` is a path on the engine's own machine.

    ``created`` tells it from a later one of the same name: RFC 3339, in whole seconds.
    """

    name: str
    driver: str
    mountpoint: str
    labels: Labels
    created: str = ""

    @classmethod
    def from_json(cls, raw: Json) -> "Volume":
        """Read an element of ``GET /volumes``."""
        labels = raw.get("Labels") or {}
        return cls(
            raw["Name"],
            raw.get("Driver") or "",
            raw.get("Mountpoint") or "",
            labels,
            raw.get("CreatedAt") or "",
        )


@dataclass(frozen=True)
class Network:
    """A network; ``internal`` means without a way out."""

    id: str
    name: str
    driver: str
    internal: bool
    labels: Labels

    @classmethod
    def from_json(cls, raw: Json) -> "Network":
        """Read an element of ``GET /networks``."""
        labels = raw.get("Labels") or {}
        internal = bool(raw.get("Internal"))
        return cls(raw["Id"], raw["Name"], raw.get("Driver") or "", internal, labels)


@dataclass(frozen=True)
class Mount:
    """Something mounted in a container: ``kind`` is volume, bind or tmpfs."""

    kind: str
    source: str
    target: str
    read_only: bool

    @classmethod
    def from_json(cls, raw: Json) -> "Mount":
        """Read an element of a container's ``Mounts``."""
        source = raw.get("Name") or raw.get("Source") or ""
        kind, target = raw.get("Type") or "", raw.get("Destination") or ""
        return cls(kind, source, target, not raw.get("RW"))


@dataclass(frozen=True)
class Port:
    """A container's port; ``external`` is None while it is not published."""

    internal: int
    protocol: str
    external: int | None
    ip: str | None


@dataclass(frozen=True)
class Container:
    """A container, running or not.

    Attributes:
        status: created, running, paused, restarting, removing, exited or dead.
        exit_code: None until it has run and ended.
        oom_killed: whether the kernel ended it for want of memory.
        networks: names of the networks it is attached to.
        memory: limit in bytes; 0 is none.
        created: when it was made, RFC 3339 in UTC.
        seconds: how long it ran, or None while it has not ended.
    """

    id: str
    name: str
    image: str
    image_id: str
    status: str
    exit_code: int | None
    oom_killed: bool
    command: tuple[str, ...]
    env: Mapping[str, str]
    user: str
    memory: int
    labels: Labels
    mounts: tuple[Mount, ...]
    networks: tuple[str, ...]
    ports: tuple[Port, ...]
    created: str
    seconds: float | None

    @classmethod
    def from_json(cls, raw: Json) -> "Container":
        """Read ``GET /containers/ID/json``."""
        state, config = raw.get("State") or {}, raw.get("Config") or {}
        settings = raw.get("NetworkSettings") or {}
        status = state.get("Status") or ""
        ended = status in ("exited", "dead")
        return cls(
            id=raw["Id"],
            name=(raw.get("Name") or "").removeprefix("/"),
            image=config.get("Image") or "",
            image_id=raw.get("Image") or "",
            status=status,
            exit_code=int(state.get("ExitCode") or 0) if ended else None,
            oom_killed=bool(state.get("OOMKilled")),
            command=((raw.get("Path") or ""), *(raw.get("Args") or ())),
            env=dict(pair.partition("=")[::2] for pair in config.get("Env") or ()),
            user=config.get("User") or "",
            memory=int((raw.get("HostConfig") or {}).get("Memory") or 0),
            labels=config.get("Labels") or {},
            mounts=tuple(Mount.from_json(mount) for mount in raw.get("Mounts") or ()),
            networks=tuple(sorted(settings.get("Networks") or ())),
            ports=tuple(_ports(settings.get("Ports") or {})),
            created=raw.get("Created") or "",
            seconds=_seconds(state.get("StartedAt"), state.get("FinishedAt")) if ended else None,
        )


def _ports(raw: Json) -> list[Port]:
    found = []
    for key, bindings in raw.items():
        internal, _, protocol = key.partition("/")
        for binding in bindings or [{}]:
            external = int(binding["HostPort"]) if binding.get("HostPort") else None
            found.append(Port(int(internal), protocol, external, binding.get("HostIp")))
    return found


def _seconds(started: str | None, finished: str | None) -> float | None:
    if not started or not finished or _NEVER in (started, finished):
        return None
    return max(0.0, (_time(finished) - _time(started)).total_seconds())


def _time(text: str) -> datetime:
    """Read the engine's RFC 3339 time, whose nanoseconds Python does not keep."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+00:00")


@dataclass(frozen=True)
class Image:
    """An image; ``size`` in bytes, ``parent`` an image id or "" where none is known here."""

    id: str
    tags: tuple[str, ...]
    labels: Labels
    size: int
    created: int
    parent: str

    @classmethod
    def from_json(cls, raw: Json) -> "Image":
        """Read an element of ``GET /images/json``."""
        tags = tuple(tag for tag in raw.get("RepoTags") or () if tag != "<none>:<none>")
        labels = raw.get("Labels") or {}
        return cls(
            raw["Id"], tags, labels, raw.get("Size") or 0, raw.get("Created") or 0,
            raw.get("ParentId") or "",
        )  # fmt: skip
