"""What a container asks for and gets otherwise, because it is harmless: limits, ports, logs.

Nothing here is refused but what the engine itself would refuse. The tenant reads back what it
asked for; what the engine gets stays within the policy. The whole table is in docs/guard.es.md.
"""

import re
from collections.abc import Mapping
from typing import Any

from docker_guard.policy import MEGABYTE, Policy
from docker_guard.refusal import Refused

Fields = dict[str, Any]

BILLION = 1_000_000_000
_PERIOD_US = 100_000
_PERIODS_US = (1000, 1_000_000)
_SHORTEST_QUOTA_US = 1000
_LEAST_NANO_CPUS = BILLION // 100
_MOST_SHARES = 1024
_FEW_FILES = 1024
"""So many open files every engine may give; who asks for more has the engine's own limit."""
_SHORTEST_CHECK_NS = 1_000_000
_SLOWER_CHECK_NS = BILLION
"""Each check costs the engine, which all tenants share: once a second at most."""

_WITHOUT_EFFECT = (
    "BlkioWeight", "BlkioWeightDevice", "CgroupParent", "CpuPeriod", "CpuQuota",
    "CpuRealtimePeriod", "CpuRealtimeRuntime", "CpusetCpus", "CpusetMems", "KernelMemory",
    "MemorySwappiness", "OomKillDisable", "OomScoreAdj", "PortBindings", "PublishAllPorts",
    "StorageOpt",
)  # fmt: skip
"""Fields that the engine does not get: they would bind the machine, and change no result."""

_ULIMITS = frozenset(
    ("core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc",
     "rss", "rtprio", "rttime", "sigpending", "stack")
)  # fmt: skip
_DRIVERS = frozenset(
    ("json-file", "local", "none", "journald", "syslog", "gelf", "fluentd", "splunk", "awslogs",
     "gcplogs", "logentries")
)  # fmt: skip
_LOG_OPTIONS = frozenset(
    ("max-size", "max-file", "compress", "labels", "labels-regex", "env", "env-regex", "tag",
     "mode", "max-buffer-size")
)  # fmt: skip
_SIZE = re.compile(r"([0-9]{1,6})([kmgKMG]?)", re.ASCII)
_UNITS = {"": 1, "k": 1024, "m": MEGABYTE, "g": 1024 * MEGABYTE}
_KERNELS_OWN = re.compile(r"kernel\.(msg|shm)[a-z_]+|kernel\.sem|fs\.mqueue\.[a-z_]+", re.ASCII)
_OF_NETWORKS = re.compile(r"net\.(ipv4|ipv6)\.[a-z0-9_./]+|net\.core\.somaxconn", re.ASCII)


def imposed(real: Mapping[str, Any], seen: Mapping[str, Any]) -> Fields:
    """The echo of limits: field → [what the engine will tell, what was asked for]."""
    told = {"MemorySwap": 2 * real.get("Memory", 0), **real}
    return {field: [told.get(field), asked] for field, asked in seen.items()}


def new_limits(asked: Mapping[str, Any], policy: Policy) -> tuple[Fields, Fields]:
    """The limits of a new container.

    Returns:
        What the engine gets, and what differs from it as the tenant is to see it.

    Raises:
        Refused: as the engine refuses it, or a kernel setting that is the machine's.
    """
    real = {k: v for k, v in asked.items() if k not in _WITHOUT_EFFECT}
    real |= _bounded({"Memory": 0, "NanoCpus": 0, "PidsLimit": 0, **asked}, policy)
    size = policy.file_mb * MEGABYTE
    real["Ulimits"] = [{"Name": "fsize", "Hard": size, "Soft": size}, *_ulimits(asked)]
    real["LogConfig"] = _log(asked.get("LogConfig", {}), policy)
    if "Sysctls" in asked:
        real["Sysctls"] = _sysctls(asked["Sysctls"])
    if "ShmSize" in asked:
        real["ShmSize"] = min(asked["ShmSize"], policy.memory_max_mb * MEGABYTE)
    seen = {field: asked.get(field) for field in (*real, *asked) if _differs(field, asked, real)}
    log = asked.get("LogConfig", {})
    seen["LogConfig"] = {"Type": log.get("Type", "json-file"), "Config": log.get("Config", {})}
    return real, seen | _as_shown(asked, seen)


def changed_limits(asked: Mapping[str, Any], policy: Policy) -> tuple[Fields, Fields]:
    """The limits that a living container gets, as new_limits()."""
    real = {k: v for k, v in asked.items() if k not in _WITHOUT_EFFECT}
    real |= _bounded(asked, policy)
    seen = {field: asked.get(field) for field in (*real, *asked) if _differs(field, asked, real)}
    return real, seen | _as_shown(asked, seen)


def slower_checks(asked: Mapping[str, Any]) -> Fields:
    """A health check that runs once a second at most."""
    real = {k: v for k, v in asked.items() if k != "StartInterval"}
    for field in ("Interval", "Timeout"):
        if real.get(field, 0) >= _SHORTEST_CHECK_NS:  # below, the engine itself says no
            real[field] = max(real[field], _SLOWER_CHECK_NS)
    return real


def _differs(field: str, asked: Mapping[str, Any], real: Fields) -> bool:
    return bool(asked.get(field) != real.get(field))


def _as_shown(asked: Mapping[str, Any], seen: Fields) -> Fields:
    """How the engine would describe limits: with zeros, and twice the memory of swap."""
    numbers: Fields = {
        f: seen[f] or 0 for f in ("Memory", "NanoCpus", "MemoryReservation") if f in seen
    }
    if "Memory" in seen:
        numbers["MemorySwap"] = asked.get("MemorySwap") or 2 * asked.get("Memory", 0)
    return numbers


def _bounded(asked: Mapping[str, Any], policy: Policy) -> Fields:
    """What the engine gets of those limits that are asked for."""
    real = _memory(asked, policy) | _processor(asked, policy)
    if "PidsLimit" in asked:
        wanted = asked["PidsLimit"]
        real["PidsLimit"] = min(wanted, policy.processes) if wanted > 0 else policy.processes
    if "CpuShares" in asked:
        real["CpuShares"] = min(asked["CpuShares"], _MOST_SHARES)
    return real


def _memory(asked: Mapping[str, Any], policy: Policy) -> Fields:
    most = policy.memory_max_mb * MEGABYTE
    memory, swap = asked.get("Memory"), asked.get("MemorySwap", 0)
    if swap > 0 and memory == 0:
        raise Refused("You should always set the Memory limit when using Memoryswap limit", 400)
    if memory is not None and 0 < swap < memory:
        raise Refused("Minimum memoryswap limit should be larger than memory limit", 400)
    real: Fields = {}
    if memory is not None:
        most = min(memory, most) or policy.memory_mb * MEGABYTE
        real["Memory"] = most
    if swap:
        real["MemorySwap"] = min(swap, 2 * most) if swap > 0 else 2 * most
    if "MemoryReservation" in asked:
        real["MemoryReservation"] = min(asked["MemoryReservation"], most)
    return real


def _processor(asked: Mapping[str, Any], policy: Policy) -> Fields:
    """One measure of processor time: with a quota, too, the engine gets a number of processors."""
    nano, quota = asked.get("NanoCpus", 0), asked.get("CpuQuota", 0)
    period = asked.get("CpuPeriod", 0)
    if nano and (quota or period):
        raise Refused("Conflicting options: Nano CPUs and CPU quota cannot both be set.", 400)
    if (period and not _PERIODS_US[0] <= period <= _PERIODS_US[1]) or (
        0 < quota < _SHORTEST_QUOTA_US
    ):
        raise Refused(
            "«cpu_period» va de 1000 a 1000000 microsegundos, y «cpu_quota» desde 1000.", 400
        )
    if not {"NanoCpus", "CpuQuota", "CpuPeriod"} & asked.keys():
        return {}
    most = int(policy.cpus * BILLION)
    wanted = nano or (quota * BILLION // (period or _PERIOD_US) if quota > 0 else most)
    return {"NanoCpus": min(max(wanted, _LEAST_NANO_CPUS), most)}


def _ulimits(asked: Mapping[str, Any]) -> list[Fields]:
    """What makes a difference to a program and none to the machine: few open files."""
    real = []
    for limit in asked.get("Ulimits", []):
        name, soft, hard = limit.get("Name", ""), limit.get("Soft", 0), limit.get("Hard", 0)
        if name not in _ULIMITS:
            raise Refused(f"invalid ulimit type: {name}", 400)
        if soft > hard >= 0:
            raise Refused(
                f"ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}", 400
            )
        if name == "nofile" and 0 < soft <= hard <= _FEW_FILES:
            real.append({"Name": name, "Soft": soft, "Hard": hard})
    return real


def _log(asked: Mapping[str, Any], policy: Policy) -> Fields:
    """A log on this machine whose size is bounded, whatever driver and size were asked for."""
    driver, config = asked.get("Type", "json-file"), asked.get("Config", {})
    if driver not in _DRIVERS:
        raise Refused(f"logger: no log driver named '{driver}' is registered", 400)
    unknown = sorted(config.keys() - _LOG_OPTIONS) if driver == "json-file" else []
    if unknown:
        raise Refused(f"unknown log opt '{unknown[0]}' for json-file log driver", 400)
    most = {"max-size": f"{policy.log_mb}m", "max-file": "1"}
    if driver != "json-file" or "max-size" not in config:
        return {"Type": "json-file", "Config": most}
    size, files = _SIZE.fullmatch(config["max-size"]), config.get("max-file", "1")
    if size is None or not re.fullmatch("[1-9][0-9]{0,3}", files):
        raise Refused("«max-size» es un tamaño como «10m», y «max-file» un número.", 400)
    total = int(size[1]) * _UNITS[size[2].lower()] * int(files)
    small = {"max-size": config["max-size"], "max-file": files}
    return {"Type": "json-file", "Config": small if total <= policy.log_mb * MEGABYTE else most}


def _sysctls(asked: Mapping[str, str]) -> dict[str, str]:
    """The settings of the container's own network; those of its own memory change nothing."""
    for name in asked:
        if not _OF_NETWORKS.fullmatch(name) and not _KERNELS_OWN.fullmatch(name):
            raise Refused(
                f"sysctls: «{name}» es un ajuste del equipo, no del contenedor. Quita esa línea."
            )
    return {name: value for name, value in asked.items() if _OF_NETWORKS.fullmatch(name)}
