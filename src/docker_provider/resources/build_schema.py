"""The `build` block of docker_image and docker_registry_image."""

from docker_provider.container.schema import ULIMIT
from docker_provider.schema import (
    BOOL,
    NUMBER,
    STRING_LIST,
    STRING_MAP,
    Attribute,
    Block,
    Nested,
    Type,
    optional,
    required,
)

_BUILDX = "It needs BuildKit and its client, buildx; images are built through the Engine API here."
_WINDOWS = "Only engines with Windows containers know it."
_REMOTE = "The engine would fetch the context by itself, and no plan would see what is in it."
_SQUASH = "It is experimental in older engines, and gone from the newer ones."


def _forcing(name: str, type_: Type = "string", *, unserved: str = "") -> Attribute:
    """An optional argument that only a new image can take on."""
    return optional(name, type_, force_new=True, unserved=unserved)


_AUTH_CONFIG = Block(
    (
        required("host_name"),
        optional("auth"),
        optional("email"),
        optional("identity_token"),
        optional("password"),
        optional("registry_token"),
        optional("server_address"),
        optional("user_name"),
    )
)
_SECRETS = Block((required("id", force_new=True), _forcing("env"), _forcing("src")))

BUILD = Block(
    (
        required("context", force_new=True),
        optional("dockerfile", force_new=True, default="Dockerfile"),
        _forcing("build_args", STRING_MAP),
        _forcing("build_id"),
        _forcing("cache_from", STRING_LIST),
        _forcing("cgroup_parent"),
        _forcing("cpu_period", NUMBER),
        _forcing("cpu_quota", NUMBER),
        _forcing("cpu_set_cpus"),
        _forcing("cpu_set_mems"),
        _forcing("cpu_shares", NUMBER),
        _forcing("extra_hosts", STRING_LIST),
        _forcing("force_remove", BOOL),
        _forcing("labels", STRING_MAP),
        _forcing("memory", NUMBER),
        _forcing("memory_swap", NUMBER),
        _forcing("network_mode"),
        _forcing("no_cache", BOOL),
        _forcing("platform"),
        _forcing("pull_parent", BOOL),
        _forcing("shm_size", NUMBER),
        _forcing("suppress_output", BOOL),
        _forcing("target"),
        _forcing("version"),
        _forcing("additional_contexts", STRING_LIST, unserved=_BUILDX),
        _forcing("build_log_file", unserved=_BUILDX),
        _forcing("builder", unserved=_BUILDX),
        _forcing("cache_to", STRING_LIST, unserved=_BUILDX),
        _forcing("isolation", unserved=_WINDOWS),
        _forcing("remote_context", unserved=_REMOTE),
        _forcing("security_opt", STRING_LIST, unserved=_WINDOWS),
        _forcing("session_id", unserved=_BUILDX),
        _forcing("squash", BOOL, unserved=_SQUASH),
        optional("tag", STRING_LIST),
        optional("label", STRING_MAP),
        optional("remove", BOOL, default=True),
    ),
    (
        Nested("auth_config", _AUTH_CONFIG, "list"),
        Nested("secrets", _SECRETS, "list", unserved=_BUILDX),
        Nested("ulimit", ULIMIT, "list"),
    ),
)
