"""What a container may ask for: every field that passes; what is set otherwise says neutral."""

import re
from typing import Any

from docker_guard.model import (
    DROP,
    Rule,
    anything,
    choice,
    empty_map,
    flag,
    ignore,
    integer,
    matching,
    nested,
    rebuild,
    refuse,
    text,
    text_map,
    text_or_texts,
    texts,
)
from docker_guard.networks import ENDPOINT_RULES
from docker_guard.powers import adds_power
from docker_guard.refusal import Refused
from docker_guard.volumes import harmless_options

_MOST_ENTRIES = 20
_NUMBER = integer(-(2**63), 2**63 - 1)
_TMPFS_OPTIONS = re.compile(
    r"rw|ro|(no)?(exec|suid|dev|atime|diratime|relatime|strictatime)|(dir)?sync|async|defaults|"
    r"(size|nr_inodes)=[0-9]+[kmgKMG%]?|(mode|uid|gid)=[0-9]+",
    re.ASCII,
)
_PORT = re.compile(r"[0-9]{1,5}(/(tcp|udp|sctp))?", re.ASCII)
_ADDRESS = re.compile(r"[0-9a-fA-F.:]{2,45}|host-gateway", re.ASCII)
_PRIVATE = "el contenedor saldría de su aislamiento. Quita esa línea."


def _few(rule: Rule) -> Rule:
    """The same rule, for a few entries: each volume without a name is one more volume."""

    def limited(value: object, name: str) -> object:
        if isinstance(value, dict) and len(value) > _MOST_ENTRIES:
            raise Refused(f"«{name}» no puede tener más de {_MOST_ENTRIES} entradas.")
        return rule(value, name)

    return limited


def _objects(rules: dict[str, Rule]) -> Rule:
    """A list of objects with the same rules."""

    def rule(value: object, name: str) -> object:
        if not isinstance(value, list):
            raise Refused(f"«{name}» debe ser una lista.", 400)
        return [rebuild(item, rules, name) for item in value] or DROP

    return rule


def _capabilities(value: object, name: str) -> object:
    for capability in texts(value, name):
        if adds_power(capability):
            raise Refused(f"«{name}» no está permitido: con {capability}, {_PRIVATE}")
    return value or DROP


def _security(value: object, name: str) -> object:
    for option in texts(value, name):
        if option not in ("no-new-privileges", "no-new-privileges:true"):
            raise Refused(f"La opción de seguridad «{option}» no está permitida. Quítala.")
    return value or DROP


def _tmpfs(value: object, name: str) -> object:
    for path, options in text_map(value, name).items():
        for option in filter(None, options.split(",")):
            if not _TMPFS_OPTIONS.fullmatch(option):
                raise Refused(f"tmpfs {path}: la opción «{option}» no está permitida.")
    return value


def _mount(value: object) -> dict[str, Any]:
    if isinstance(value, dict) and value.get("Type") == "bind":
        raise Refused(
            "Montar carpetas del equipo no está permitido. Usa un volumen con nombre: volume_name."
        )
    return rebuild(value, _MOUNT, "Mounts")


def _mounts(value: object, name: str) -> object:
    if not isinstance(value, list):
        raise Refused(f"«{name}» debe ser una lista.", 400)
    return [_mount(mount) for mount in value] or DROP


def _ports(value: object, name: str) -> object:
    if not isinstance(value, dict) or not all(map(_PORT.fullmatch, value)):
        raise Refused(f"«{name}» debe ser un objeto de puertos, como «80/tcp».", 400)
    places = {port: _PLACES(asked or [], port) for port, asked in value.items()}
    return {port: [] if asked is DROP else [{"HostIp": "", "HostPort": "", **one} for one in asked]
            for port, asked in places.items()} or DROP  # fmt: skip


_PLACES = _objects(
    {"HostIp": matching(r"[0-9a-fA-F.:]+"), "HostPort": matching(r"[0-9]{1,5}")}
)  # fmt: skip


def _hosts(value: object, name: str) -> object:
    for entry in texts(value, name):
        host, _, address = entry.partition(":")
        if not host or not _ADDRESS.fullmatch(address):
            raise Refused(f'bad format for add-host: "{entry}"', 400)
    return value or DROP


def _endpoints(value: object, name: str) -> object:
    if not isinstance(value, dict):
        raise Refused(f"«{name}» debe ser un objeto.", 400)
    return {network: rebuild(e or {}, ENDPOINT_RULES, name) for network, e in value.items()}


_MOUNT: dict[str, Rule] = {
    "Type": choice("volume", "tmpfs"),
    "Source": text,
    "Target": matching(r"/[^\0:]*"),
    "ReadOnly": flag,
    "Consistency": choice("default", "consistent", "cached", "delegated"),
    "BindOptions": refuse("solo se montan volúmenes con nombre."),
    "VolumeOptions": nested(
        {
            "NoCopy": flag,
            "Labels": text_map,
            "DriverConfig": nested({"Name": choice("local"), "Options": harmless_options}),
        }
    ),
    "TmpfsOptions": nested({"SizeBytes": integer(1, 2**40), "Mode": integer(0, 0o7777)}),
}

UPDATE_RULES: dict[str, Rule] = {
    **dict.fromkeys(
        ("Memory", "MemorySwap", "MemoryReservation", "KernelMemory", "MemorySwappiness",
         "NanoCpus", "CpuShares", "CpuPeriod", "CpuQuota", "CpuRealtimePeriod",
         "CpuRealtimeRuntime", "PidsLimit", "BlkioWeight"), _NUMBER,
    ),
    **dict.fromkeys(("CpusetCpus", "CpusetMems"), matching(r"[0-9][0-9,-]*")),
    "RestartPolicy": nested(
        {
            "Name": choice("no", "always", "unless-stopped", "on-failure"),
            "MaximumRetryCount": _NUMBER,
        }
    ),
}  # fmt: skip
"""The rules of POST /containers/{id}/update."""

HOST_RULES: dict[str, Rule] = {
    **UPDATE_RULES,
    **dict.fromkeys(
        ("Binds", "VolumesFrom", "GroupAdd", "CapDrop", "Dns", "DnsOptions", "DnsSearch"), texts
    ),
    **dict.fromkeys(
        ("AutoRemove", "ReadonlyRootfs", "Init", "PublishAllPorts", "OomKillDisable"), flag
    ),
    **dict.fromkeys(("Sysctls", "StorageOpt"), text_map),
    **dict.fromkeys(("ShmSize", "OomScoreAdj"), _NUMBER),
    **dict.fromkeys(
        ("Privileged", "Devices", "DeviceRequests", "PidMode", "UTSMode", "UsernsMode",
         "DeviceCgroupRules"), refuse(_PRIVATE),
    ),
    "IpcMode": choice("private", "shareable", "none"),
    "CgroupnsMode": choice("private"),
    "CgroupParent": text,
    "CapAdd": _capabilities,
    "ExtraHosts": _hosts,
    "PortBindings": _few(_ports),
    "BlkioWeightDevice": anything,
    "Ulimits": _objects({"Name": text, "Soft": _NUMBER, "Hard": _NUMBER}),
    "Mounts": _mounts,
    "NetworkMode": text,
    "LogConfig": nested({"Type": matching(r"[a-z0-9_-]+"), "Config": text_map}),
    "Runtime": choice("runc"),
    "VolumeDriver": choice("local"),
    "Isolation": choice("default"),
    "SecurityOpt": _security,
    "Tmpfs": _tmpfs,
    "ConsoleSize": ignore,
}  # fmt: skip

CREATE_RULES: dict[str, Rule] = {
    **dict.fromkeys(("Hostname", "Domainname", "User", "WorkingDir", "Image", "StopSignal"), text),
    **dict.fromkeys(("AttachStdin", "AttachStdout", "AttachStderr", "MacAddress"), ignore),
    **dict.fromkeys(("Tty", "OpenStdin", "StdinOnce", "NetworkDisabled"), flag),
    **dict.fromkeys(("Cmd", "Entrypoint"), text_or_texts),
    **dict.fromkeys(("Volumes", "ExposedPorts"), _few(empty_map)),
    "Env": texts,
    "Labels": text_map,
    "StopTimeout": _NUMBER,
    "Healthcheck": nested(
        {
            "Test": texts,
            **dict.fromkeys(
                ("Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"), _NUMBER
            ),
        }
    ),
    "HostConfig": nested(HOST_RULES),
    "NetworkingConfig": nested({"EndpointsConfig": _endpoints}),
}
"""The rules of POST /containers/create."""
