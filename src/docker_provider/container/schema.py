"""The arguments of docker_container, schema version 2 of kreuzwerker/docker.

Differs from there in `healthcheck`, `init` and `tmpfs`: no engine changes them in a container that
exists, so a change replaces it. There, apply says "changed" and changes nothing.
"""

from docker_provider.schema import (
    BOOL,
    IDENTIFIER,
    NUMBER,
    STRING_LIST,
    STRING_MAP,
    STRING_SET,
    Attribute,
    Block,
    Nested,
    Schema,
    Type,
    computed,
    labels,
    optional,
    required,
)

NETWORK_DATA: Type = [
    "list",
    [
        "object",
        {
            "gateway": "string",
            "global_ipv6_address": "string",
            "global_ipv6_prefix_length": "number",
            "ip_address": "string",
            "ip_prefix_length": "number",
            "ipv6_gateway": "string",
            "mac_address": "string",
            "network_name": "string",
        },
    ],
]


def _forcing(name: str, type_: Type = "string") -> Attribute:
    """An optional argument that only a new container can take on."""
    return optional(name, type_, force_new=True)


def _engine(name: str, type_: Type = "string") -> Attribute:
    """As `_forcing`; left out, the engine's own value is kept in state."""
    return optional(name, type_, force_new=True, computed=True)


def _from_image(name: str) -> Attribute:
    """As `_forcing`; left out, the image's own value is kept in state."""
    return Attribute(name, "string", optional=True, force_new=True, sticky=True)


def _flag(name: str, default: bool) -> Attribute:
    """A choice that says how to treat the container, and so changes in place."""
    return optional(name, BOOL, default=default)


_ATTRIBUTES = (
    IDENTIFIER,
    required("name", force_new=True),
    required("image", force_new=True),
    _engine("command", STRING_LIST),
    _engine("entrypoint", STRING_LIST),
    _engine("env", STRING_SET),
    _engine("hostname"),
    _engine("ipc_mode"),
    _engine("log_driver"),
    _engine("runtime"),
    _engine("security_opts", STRING_SET),
    _engine("shm_size", NUMBER),
    _engine("stop_signal"),
    _engine("stop_timeout", NUMBER),
    _engine("init", BOOL),
    _forcing("cgroup_parent"),
    _forcing("cgroupns_mode"),
    _forcing("cpus"),
    _forcing("dns", STRING_SET),
    _forcing("dns_opts", STRING_SET),
    _forcing("dns_search", STRING_SET),
    _forcing("domainname"),
    _forcing("gpus"),
    _forcing("group_add", STRING_SET),
    _forcing("log_opts", STRING_MAP),
    _forcing("pid_mode"),
    _forcing("privileged", BOOL),
    _forcing("publish_all_ports", BOOL),
    _forcing("storage_opts", STRING_MAP),
    _forcing("sysctls", STRING_MAP),
    _from_image("user"),
    _forcing("userns_mode"),
    _from_image("working_dir"),
    optional("network_mode", force_new=True, default="bridge"),
    optional("read_only", BOOL, force_new=True, default=False),
    optional("stdin_open", BOOL, force_new=True, default=False),
    optional("tty", BOOL, force_new=True, default=False),
    _forcing("tmpfs", STRING_MAP),
    optional("cpu_period", NUMBER),
    optional("cpu_quota", NUMBER),
    optional("cpu_set"),
    optional("cpu_shares", NUMBER),
    optional("destroy_grace_seconds", NUMBER),
    optional("max_retry_count", NUMBER),
    optional("memory", NUMBER),
    optional("memory_reservation", NUMBER, default=0),
    optional("memory_swap", NUMBER),
    optional("restart", default="no"),
    _flag("attach", False),
    _flag("logs", False),
    _flag("must_run", True),
    _flag("remove_volumes", True),
    _flag("rm", False),
    _flag("start", True),
    _flag("wait", False),
    optional("wait_timeout", NUMBER, default=60),
    optional("container_read_refresh_timeout_milliseconds", NUMBER, default=15000),
    computed("bridge"),
    computed("container_logs"),
    computed("exit_code", NUMBER),
    computed("network_data", NETWORK_DATA),
)

_CAPABILITIES = Block((_forcing("add", STRING_SET), _forcing("drop", STRING_SET)))

_DEVICES = Block(
    (
        required("host_path", force_new=True),
        _forcing("container_path"),
        _forcing("permissions"),
    )
)

_HEALTHCHECK = Block(
    (
        required("test", STRING_LIST, force_new=True),
        optional("interval", force_new=True, default="0s"),
        optional("timeout", force_new=True, default="0s"),
        optional("start_period", force_new=True, default="0s"),
        optional("start_interval", force_new=True, default="0s"),
        optional("retries", NUMBER, force_new=True, default=0),
    )
)

_HOST = Block((required("host", force_new=True), required("ip", force_new=True)))

_MOUNTS = Block(
    (
        required("target", force_new=True),
        required("type", force_new=True),
        _forcing("source"),
        _forcing("read_only", BOOL),
    ),
    (
        Nested("bind_options", Block((_forcing("propagation"),)), "list", max_items=1),
        Nested(
            "volume_options",
            Block(
                (
                    _forcing("no_copy", BOOL),
                    _forcing("driver_name"),
                    _forcing("driver_options", STRING_MAP),
                    _forcing("subpath"),
                ),
                (labels(),),
            ),
            "list",
            max_items=1,
        ),
        Nested(
            "tmpfs_options",
            Block((_forcing("size_bytes", NUMBER), _forcing("mode", NUMBER))),
            "list",
            max_items=1,
        ),
    ),
)

_NETWORKS_ADVANCED = Block(
    (
        required("name", force_new=True),
        _forcing("aliases", STRING_SET),
        _forcing("ipv4_address"),
        _forcing("ipv6_address"),
        _forcing("mac_address"),
    )
)

_PORTS = Block(
    (
        required("internal", NUMBER, force_new=True),
        optional("external", NUMBER, force_new=True, computed=True),
        optional("ip", force_new=True, default="0.0.0.0"),  # noqa: S104 - the real default
        optional("protocol", force_new=True, default="tcp"),
    )
)

ULIMIT = Block(
    (
        required("name", force_new=True),
        required("soft", NUMBER, force_new=True),
        required("hard", NUMBER, force_new=True),
    )
)

_UPLOAD = Block(
    (
        required("file", force_new=True),
        _forcing("content"),
        _forcing("content_base64"),
        _forcing("source"),
        _forcing("source_hash"),
        _forcing("permissions"),
        optional("executable", BOOL, force_new=True, default=False),
    )
)

_VOLUMES = Block(
    (
        _forcing("container_path"),
        _forcing("host_path"),
        _forcing("volume_name"),
        _forcing("from_container"),
        _forcing("read_only", BOOL),
    )
)

_BLOCKS = (
    Nested("capabilities", _CAPABILITIES, max_items=1, force_new=True),
    Nested("devices", _DEVICES, force_new=True),
    Nested("healthcheck", _HEALTHCHECK, "list", max_items=1, computed=True, force_new=True),
    Nested("host", _HOST, force_new=True),
    labels(computed=True),
    Nested("mounts", _MOUNTS, force_new=True),
    Nested("networks_advanced", _NETWORKS_ADVANCED, force_new=True),
    Nested("ports", _PORTS, "list", force_new=True),
    Nested("ulimit", ULIMIT, force_new=True),
    Nested("upload", _UPLOAD, force_new=True),
    Nested("volumes", _VOLUMES, force_new=True),
)

CONTAINER = Schema(Block(_ATTRIBUTES, _BLOCKS), version=2)
