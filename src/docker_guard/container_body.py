"""What a container may ask for: every field that passes, and in which bounds."""

import re
from collections.abc import Mapping
from typing import Any

from docker_guard.model import (
    DROP,
    Rule,
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
from docker_guard.policy import MEGABYTE, Policy
from docker_guard.refusal import Refused

BILLION = 1_000_000_000
_HOUR_NS = 3600 * BILLION
_DAY_S = 86400
_MOST_ENTRIES = 20
_DEFAULT_PERIOD_US = 100_000
_TMPFS_OPTIONS = re.compile(
    r"(rw|ro|noexec|exec|nosuid|nodev|size=[0-9]+[kmgKMG]?|mode=[0-7]+|uid=[0-9]+|gid=[0-9]+)"
)
_SIZE = re.compile(r"([0-9]{1,6})([kmgKMG]?)", re.ASCII)
_UNITS = {"": 1, "k": 1024, "m": MEGABYTE, "g": 1024 * MEGABYTE}

_HEALTH = {
    "Test": texts,
    # Each check costs the engine, which all tenants share: once a second at most.
    **dict.fromkeys(("Interval", "Timeout", "StartPeriod"), integer(BILLION, _HOUR_NS)),
    "Retries": integer(1, 1000),
}
_MOUNT = {
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
            "DriverConfig": refuse("con opciones un volumen puede montar carpetas del equipo."),
        }
    ),
}


def create_rules(policy: Policy) -> dict[str, Rule]:
    """The rules of POST /containers/create."""
    return {
        **dict.fromkeys(("Hostname", "User", "WorkingDir", "Image", "StopSignal"), text),
        **dict.fromkeys(("AttachStdin", "AttachStdout", "AttachStderr"), ignore),
        **dict.fromkeys(("Tty", "OpenStdin", "StdinOnce", "NetworkDisabled"), flag),
        **dict.fromkeys(("Cmd", "Entrypoint"), text_or_texts),
        **dict.fromkeys(("Volumes", "ExposedPorts"), _few(empty_map)),
        "Env": texts,
        "Labels": text_map,
        "StopTimeout": integer(1, _DAY_S),
        "Healthcheck": nested(_HEALTH),
        "HostConfig": nested(_host_rules(policy)),
        "NetworkingConfig": nested({"EndpointsConfig": _endpoints}),
    }


def _host_rules(policy: Policy) -> dict[str, Rule]:
    private = "el contenedor saldría de su aislamiento. Quita esa línea."
    return {
        **resource_rules(policy),
        **dict.fromkeys(("Binds", "VolumesFrom", "GroupAdd", "CapDrop"), texts),
        **dict.fromkeys(("AutoRemove", "ReadonlyRootfs", "Init"), flag),
        **dict.fromkeys(("IpcMode", "CgroupnsMode"), choice("private")),
        **dict.fromkeys(("Privileged", "CapAdd", "Devices", "DeviceRequests", "PidMode", "UTSMode",
                         "UsernsMode", "DeviceCgroupRules"), refuse(private)),
        **dict.fromkeys(("PortBindings", "PublishAllPorts"), refuse(
            "publicar puertos del equipo compartido; usa una red y el nombre del contenedor.")),
        "Mounts": _mounts,
        "NetworkMode": text,
        "LogConfig": nested({"Type": choice("json-file"), "Config": text_map}),
        "Runtime": choice("runc"),
        "VolumeDriver": choice("local"),
        "Isolation": choice("default"),
        "SecurityOpt": _security,
        "Tmpfs": _tmpfs,
        "ShmSize": integer(1, policy.memory_max_mb * MEGABYTE),
        "ConsoleSize": ignore,
        "MemorySwappiness": ignore,
    }  # fmt: skip


def resource_rules(policy: Policy) -> dict[str, Rule]:
    """The rules of what may change while a container lives."""
    memory = policy.memory_max_mb * MEGABYTE
    return {
        "Memory": integer(6 * MEGABYTE, memory),
        "MemorySwap": integer(6 * MEGABYTE, 2 * memory),
        "MemoryReservation": integer(1, memory),
        "NanoCpus": integer(1, int(policy.cpus * BILLION)),
        "CpuShares": integer(2, 1024),
        "CpuPeriod": integer(1000, 1_000_000),
        "CpuQuota": integer(1000, 1_000_000_000),
        "CpusetCpus": matching(r"[0-9][0-9,-]*"),
        "PidsLimit": _processes(policy),
        "RestartPolicy": nested({"Name": _restart(policy), "MaximumRetryCount": integer(1, 100)}),
    }


def _few(rule: Rule) -> Rule:
    """The same rule, for a few entries: each volume without a name is one more volume."""

    def limited(value: object, name: str) -> object:
        if isinstance(value, dict) and len(value) > _MOST_ENTRIES:
            raise Refused(f"«{name}» no puede tener más de {_MOST_ENTRIES} entradas.")
        return rule(value, name)

    return limited


def update_rules(policy: Policy) -> dict[str, Rule]:
    """The rules of POST /containers/{id}/update."""
    return resource_rules(policy)


def check_cpu(host: Mapping[str, Any], policy: Policy) -> None:
    """A quota of processor time must stay within the policy, as NanoCpus does.

    Raises:
        Refused: it does not.
    """
    quota, period = host.get("CpuQuota", 0), host.get("CpuPeriod", _DEFAULT_PERIOD_US)
    if ("CpuQuota" in host or "CpuPeriod" in host) and not 0 < quota <= period * policy.cpus:
        raise Refused(f"«CpuQuota» y «CpuPeriod» deben dar {policy.cpus:g} procesadores o menos.")


def log_config(asked: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """The log's driver and size: what was asked for if it is within the policy.

    Raises:
        Refused: a larger log, or an option that does more than bound it.
    """
    config = asked.get("Config", {})
    for option in config.keys() - {"max-size", "max-file"}:
        raise Refused(f"La opción de logs «{option}» no está permitida. Quítala.")
    if "max-size" not in config:
        return {"Type": "json-file", "Config": {"max-size": f"{policy.log_mb}m", "max-file": "1"}}
    size = _SIZE.fullmatch(config["max-size"])
    files = config.get("max-file", "1")
    if size is None or not re.fullmatch("[1-9][0-9]?", files):
        raise Refused("«max-size» es un tamaño como «10m», y «max-file» un número.", 400)
    if int(size[1]) * _UNITS[size[2].lower()] * int(files) > policy.log_mb * MEGABYTE:
        raise Refused(f"Los logs de un contenedor no pueden pasar de {policy.log_mb} MB en total.")
    return {"Type": "json-file", "Config": config}


def _processes(policy: Policy) -> Rule:
    bounded = integer(1, policy.processes)

    def rule(value: object, name: str) -> object:
        return DROP if value == -1 else bounded(value, name)  # unlimited: the default then holds

    return rule


def _restart(policy: Policy) -> Rule:
    def rule(value: object, _name: str) -> object:
        if value not in policy.restart_policies:
            raise Refused(f'restart = "{value}" no está permitido aquí. Usa restart = "no".')
        return value or DROP

    return rule


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


def _mounts(value: object, name: str) -> object:
    if not isinstance(value, list):
        raise Refused(f"«{name}» debe ser una lista.", 400)
    return [_mount(mount) for mount in value] or DROP


def _mount(value: object) -> dict[str, Any]:
    if isinstance(value, dict) and value.get("Type") == "bind":
        raise Refused(
            "Montar carpetas del equipo no está permitido. Usa un volumen con nombre: volume_name."
        )
    rules = {
        **_MOUNT,
        "TmpfsOptions": nested({"SizeBytes": integer(1, 2**40), "Mode": integer(0, 0o7777)}),
    }
    return rebuild(value, rules, "Mounts")


def _endpoints(value: object, name: str) -> object:
    if not isinstance(value, dict):
        raise Refused(f"«{name}» debe ser un objeto.", 400)
    return {network: rebuild(e or {}, ENDPOINT_RULES, name) for network, e in value.items()}
