"""From the engine's description of a container to the state."""

from collections.abc import Mapping
from typing import Any

from docker_provider.codec import UNKNOWN
from docker_provider.container.request import MEGABYTE
from docker_provider.durations import go_text
from docker_provider.planning import State
from docker_provider.schema import Value

Inspected = Mapping[str, Any]
"""Newer engines (API 1.52) leave out what is not set: only what always has a value is indexed."""

_NEVER = "0001-"
"""How the time of what never happened begins."""


def created(planned: State, found: Inspected) -> State:
    """The state after creation: planned, with what was left to the engine filled in."""
    engine = everything(found)
    filled = {name: engine.get(name) if v is UNKNOWN else v for name, v in planned.items()}
    filled["ports"] = _with_external(planned["ports"] or [], found)
    # As in the real provider: what the image contributes to these is not taken into state.
    filled["env"] = [] if planned["env"] is UNKNOWN else planned["env"]
    filled["labels"] = [] if planned["labels"] is UNKNOWN else planned["labels"]
    return {**filled, **_from_image(found, planned), "id": found["Id"], **_run(found)}


def refreshed(state: State, found: Inspected) -> State:
    """The state with what can change while a container lives: the rest the engine cannot alter."""
    mutable = _mutable(found).items()
    changed = {name: value for name, value in mutable if not _implied(name, value, state)}
    ports = _with_external(state["ports"] or [], found)
    known = _from_image(found, state)
    return {**state, **changed, **known, "ports": ports, "id": found["Id"], **_run(found)}


def _from_image(found: Inspected, state: State) -> State:
    """User and folder as they are in the engine: the image's, where the argument is left out."""
    engine = {"user": found["Config"].get("User"), "working_dir": found["Config"].get("WorkingDir")}
    return {name: value or state[name] for name, value in engine.items()}


def imported(state: State, found: Inspected) -> State:
    """The state of a container that Terraform takes over: all that the engine tells of it."""
    return {**state, **everything(found), **_run(found), "labels": [], "env": []}


def _implied(name: str, value: Value, state: State) -> bool:
    """Whether an argument is left out and the value only says so, or comes from another one.

    Zero and empty mean "left out" to the engine: taking them into the state would look like drift.
    """
    left_out = not state[name]
    return left_out and (not value or name == "memory_swap")


def _run(found: Inspected) -> State:
    """How the container's process fares."""
    state, settings = found["State"], found.get("NetworkSettings") or {}
    started = not state.get("StartedAt", _NEVER).startswith(_NEVER)
    ended = started and not state.get("Running")
    return {
        "exit_code": state.get("ExitCode", 0) if ended else None,
        "bridge": settings.get("Bridge") or "",
        "network_data": [
            _network(n, data) for n, data in sorted((settings.get("Networks") or {}).items())
        ],
    }


def _network(name: str, data: Mapping[str, Any]) -> State:
    return {
        "network_name": name,
        "ip_address": data.get("IPAddress"),
        "ip_prefix_length": data.get("IPPrefixLen"),
        "gateway": data.get("Gateway"),
        "global_ipv6_address": data.get("GlobalIPv6Address"),
        "global_ipv6_prefix_length": data.get("GlobalIPv6PrefixLen"),
        "ipv6_gateway": data.get("IPv6Gateway"),
        "mac_address": data.get("MacAddress"),
    }


def _with_external(ports: list[State], found: Inspected) -> list[State]:
    """Fill in the ports that the engine chose: known only while the container runs."""
    live = (found.get("NetworkSettings") or {}).get("Ports") or {}
    return [{**port, "external": _external(port, live)} for port in ports]


def _external(port: State, live: Mapping[str, Any]) -> int | None:
    if port["external"] not in (None, UNKNOWN):
        return int(port["external"])
    bindings = live.get(f"{port['internal']}/{port['protocol']}") or []
    ours = [b for b in bindings if b.get("HostIp") == port["ip"]] or bindings
    return int(ours[0]["HostPort"]) if ours else None


def _mutable(found: Inspected) -> State:
    host = found["HostConfig"]
    swap, policy = host.get("MemorySwap") or 0, host.get("RestartPolicy") or {}
    return {
        "name": found["Name"].lstrip("/"),
        "restart": policy.get("Name") or "no",
        "max_retry_count": policy.get("MaximumRetryCount") or 0,
        "memory": (host.get("Memory") or 0) // MEGABYTE,
        "memory_reservation": (host.get("MemoryReservation") or 0) // MEGABYTE,
        "memory_swap": swap // MEGABYTE if swap > 0 else swap,
        "cpu_shares": host.get("CpuShares") or 0,
        "cpu_set": host.get("CpusetCpus") or "",
        "cpu_period": host.get("CpuPeriod") or 0,
        "cpu_quota": host.get("CpuQuota") or 0,
    }


def everything(found: Inspected) -> State:
    """All that the engine tells: for an import, and for what a plan left to the engine."""
    config, host = found["Config"], found["HostConfig"]
    return {
        **_mutable(found),
        "id": found["Id"],
        "image": found["Config"]["Image"],
        "command": config.get("Cmd") or [],
        "entrypoint": config.get("Entrypoint") or [],
        "hostname": config.get("Hostname") or "",
        "domainname": config.get("Domainname") or "",
        "user": config.get("User") or "",
        "working_dir": config.get("WorkingDir") or "",
        "tty": bool(config.get("Tty")),
        "stdin_open": bool(config.get("OpenStdin")),
        "stop_signal": config.get("StopSignal") or "",
        "stop_timeout": config.get("StopTimeout") or 0,
        "healthcheck": _healthcheck(config.get("Healthcheck")),
        **_host(host),
        "ports": _ports(host.get("PortBindings") or {}),
    }


def _host(host: Mapping[str, Any]) -> State:
    log, mode = host.get("LogConfig") or {}, host.get("NetworkMode") or "default"
    return {
        "dns": host.get("Dns") or [],
        "dns_opts": host.get("DnsOptions") or [],
        "dns_search": host.get("DnsSearch") or [],
        "group_add": host.get("GroupAdd") or [],
        "init": bool(host.get("Init")),
        "ipc_mode": host.get("IpcMode") or "",
        "log_driver": log.get("Type") or "",
        "log_opts": log.get("Config") or {},
        "network_mode": "bridge" if mode == "default" else mode,
        "pid_mode": host.get("PidMode") or "",
        "privileged": bool(host.get("Privileged")),
        "publish_all_ports": bool(host.get("PublishAllPorts")),
        "read_only": bool(host.get("ReadonlyRootfs")),
        "rm": bool(host.get("AutoRemove")),
        "runtime": host.get("Runtime") or "",
        "security_opts": host.get("SecurityOpt") or [],
        "shm_size": (host.get("ShmSize") or 0) // MEGABYTE,
        "sysctls": host.get("Sysctls") or {},
        "tmpfs": host.get("Tmpfs") or {},
        "userns_mode": host.get("UsernsMode") or "",
        "host": [_extra_host(entry) for entry in host.get("ExtraHosts") or []],
        "ulimit": [
            {"name": u["Name"], "soft": u.get("Soft", 0), "hard": u.get("Hard", 0)}
            for u in host.get("Ulimits") or []
        ],
        "devices": [_device(device) for device in host.get("Devices") or []],
        "capabilities": _capabilities(host),
    }


def _extra_host(entry: str) -> State:
    host, ip = entry.split(":", 1)
    return {"host": host, "ip": ip}


def _device(device: Mapping[str, str]) -> State:
    return {
        "host_path": device["PathOnHost"],
        "container_path": device.get("PathInContainer") or device["PathOnHost"],
        "permissions": device.get("CgroupPermissions") or "rwm",
    }


def _capabilities(host: Mapping[str, Any]) -> list[State]:
    added, dropped = host.get("CapAdd") or [], host.get("CapDrop") or []
    return [{"add": added, "drop": dropped}] if added or dropped else []


def _ports(bindings: Mapping[str, Any]) -> list[State]:
    ports = []
    for key, places in sorted(bindings.items()):
        internal, protocol = key.split("/")
        ports += [
            {
                "internal": int(internal),
                "protocol": protocol,
                "ip": place.get("HostIp") or "0.0.0.0",  # noqa: S104 - the engine's own meaning
                "external": int(place["HostPort"]) if place.get("HostPort") else None,
            }
            for place in places
        ]
    return ports


def _healthcheck(found: Mapping[str, Any] | None) -> list[State]:
    if not found or not found.get("Test"):
        return []
    return [
        {
            "test": found["Test"],
            "interval": go_text(found.get("Interval", 0)),
            "timeout": go_text(found.get("Timeout", 0)),
            "start_period": go_text(found.get("StartPeriod", 0)),
            "start_interval": go_text(found.get("StartInterval", 0)),
            "retries": found.get("Retries", 0),
        }
    ]
