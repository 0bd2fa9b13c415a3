"""From the planned state to the engine's request: POST /containers/create."""

from collections.abc import Mapping
from typing import Any

from docker_provider.codec import UNKNOWN
from docker_provider.durations import nanoseconds
from docker_provider.planning import State
from docker_provider.resources.labels import to_engine
from docker_provider.schema import Value

MEGABYTE = 1024 * 1024
_BILLION = 1_000_000_000

# Argument → field of the request, where the value is passed on as it is.
_CONFIG = {
    "image": "Image",
    "hostname": "Hostname",
    "domainname": "Domainname",
    "command": "Cmd",
    "entrypoint": "Entrypoint",
    "env": "Env",
    "user": "User",
    "working_dir": "WorkingDir",
    "tty": "Tty",
    "stdin_open": "OpenStdin",
    "stop_signal": "StopSignal",
    "stop_timeout": "StopTimeout",
}
_HOST_CONFIG = {
    "cgroup_parent": "CgroupParent",
    "cgroupns_mode": "CgroupnsMode",
    "cpu_period": "CpuPeriod",
    "cpu_quota": "CpuQuota",
    "cpu_set": "CpusetCpus",
    "cpu_shares": "CpuShares",
    "dns": "Dns",
    "dns_opts": "DnsOptions",
    "dns_search": "DnsSearch",
    "group_add": "GroupAdd",
    "init": "Init",
    "ipc_mode": "IpcMode",
    "network_mode": "NetworkMode",
    "pid_mode": "PidMode",
    "privileged": "Privileged",
    "publish_all_ports": "PublishAllPorts",
    "read_only": "ReadonlyRootfs",
    "runtime": "Runtime",
    "security_opts": "SecurityOpt",
    "storage_opts": "StorageOpt",
    "sysctls": "Sysctls",
    "tmpfs": "Tmpfs",
    "userns_mode": "UsernsMode",
}


def create_request(planned: State) -> dict[str, Any]:
    """Return the body of the create request; what is unknown or left out is the engine's choice."""
    state = {name: None if value is UNKNOWN else value for name, value in planned.items()}
    body = _given(state, _CONFIG)
    body["Labels"] = to_engine(state["labels"])
    body["ExposedPorts"] = {_port_key(port): {} for port in state["ports"] or []}
    body["Volumes"] = {v["container_path"]: {} for v in _anonymous(state["volumes"])}
    if state["healthcheck"]:
        body["Healthcheck"] = _healthcheck(state["healthcheck"][0])
    body["HostConfig"] = _host_config(state)
    return body


def _given(state: State, fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        field: state[argument]
        for argument, field in fields.items()
        if state[argument] not in (None, "", [], {})
    }


def _host_config(state: State) -> dict[str, Any]:
    body = _given(state, _HOST_CONFIG) | resources(state)
    body["AutoRemove"] = engine_removes(state)
    body["LogConfig"] = {"Type": state["log_driver"] or "", "Config": state["log_opts"] or {}}
    body["PortBindings"] = _port_bindings(state["ports"] or [])
    body["Binds"] = [_bind(v) for v in state["volumes"] or [] if v["volume_name"] or v["host_path"]]
    body["VolumesFrom"] = [
        v["from_container"] + (":ro" if v["read_only"] else "")
        for v in state["volumes"] or []
        if v["from_container"]
    ]
    body["Mounts"] = [_mount(mount) for mount in state["mounts"] or []]
    body["ExtraHosts"] = [f"{host['host']}:{host['ip']}" for host in state["host"] or []]
    body["Ulimits"] = [
        {"Name": u["name"], "Soft": u["soft"], "Hard": u["hard"]} for u in state["ulimit"] or []
    ]
    body["Devices"] = [_device(device) for device in state["devices"] or []]
    for block in state["capabilities"] or []:
        body |= {"CapAdd": block["add"] or [], "CapDrop": block["drop"] or []}
    if state["shm_size"]:
        body["ShmSize"] = state["shm_size"] * MEGABYTE
    if state["cpus"]:
        body["NanoCpus"] = round(float(state["cpus"]) * _BILLION)
    if state["gpus"]:
        body["DeviceRequests"] = [{"Count": -1, "Capabilities": [["gpu"]]}]
    return body


def engine_removes(state: State) -> bool:
    """Whether the engine itself removes the ended container (`rm`).

    An attached one is removed by us, once its exit code and logs are read.
    """
    return bool(state["rm"]) and not state["attach"]


def resources(state: State) -> dict[str, Any]:
    """What can be changed while the container lives, in the engine's units."""
    swap = state["memory_swap"]
    body = {
        "Memory": (state["memory"] or 0) * MEGABYTE,
        "MemoryReservation": (state["memory_reservation"] or 0) * MEGABYTE,
        "RestartPolicy": {
            "Name": state["restart"] or "no",
            "MaximumRetryCount": state["max_retry_count"] or 0,
        },
    }
    if swap:
        body["MemorySwap"] = swap * MEGABYTE if swap > 0 else swap
    return body


def _port_key(port: Mapping[str, Value]) -> str:
    return f"{port['internal']}/{port['protocol']}"


def _port_bindings(ports: list[State]) -> dict[str, list[dict[str, str]]]:
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        external = port["external"]
        binding = {
            "HostIp": port["ip"] or "",
            "HostPort": "" if external in (None, UNKNOWN) else str(external),
        }
        bindings.setdefault(_port_key(port), []).append(binding)
    return bindings


def _anonymous(volumes: list[State] | None) -> list[State]:
    sources = ("volume_name", "host_path", "from_container")
    return [v for v in volumes or [] if not any(v[source] for source in sources)]


def _bind(volume: State) -> str:
    source = volume["volume_name"] or volume["host_path"]
    return f"{source}:{volume['container_path']}:{'ro' if volume['read_only'] else 'rw'}"


def _mount(mount: State) -> dict[str, Any]:
    body = {
        "Target": mount["target"],
        "Type": mount["type"],
        "Source": mount["source"] or "",
        "ReadOnly": bool(mount["read_only"]),
    }
    for options in mount["bind_options"] or []:
        body["BindOptions"] = {"Propagation": options["propagation"] or ""}
    for options in mount["volume_options"] or []:
        body["VolumeOptions"] = _volume_options(options)
    for options in mount["tmpfs_options"] or []:
        sizes = {"SizeBytes": options["size_bytes"], "Mode": options["mode"]}
        body["TmpfsOptions"] = {name: value for name, value in sizes.items() if value}
    return body


def _volume_options(options: State) -> dict[str, Any]:
    body: dict[str, Any] = {
        "NoCopy": bool(options["no_copy"]),
        "Labels": to_engine(options["labels"]),
    }
    if options["driver_name"] or options["driver_options"]:
        body["DriverConfig"] = {
            "Name": options["driver_name"] or "local",
            "Options": options["driver_options"] or {},
        }
    if options["subpath"]:
        body["Subpath"] = options["subpath"]
    return body


def _device(device: State) -> dict[str, str]:
    return {
        "PathOnHost": device["host_path"],
        "PathInContainer": device["container_path"] or device["host_path"],
        "CgroupPermissions": device["permissions"] or "rwm",
    }


def _healthcheck(block: State) -> dict[str, Any]:
    body = {
        "Test": block["test"],
        "Interval": nanoseconds(block["interval"]),
        "Timeout": nanoseconds(block["timeout"]),
        "StartPeriod": nanoseconds(block["start_period"]),
        "Retries": block["retries"] or 0,
    }
    start_interval = nanoseconds(block["start_interval"])
    return body | ({"StartInterval": start_interval} if start_interval else {})
