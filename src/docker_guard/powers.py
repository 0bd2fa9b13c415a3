"""The kernel's capabilities that every container has anyway (the engine's default list)."""

_DEFAULT = frozenset(
    ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
     "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT")
)  # fmt: skip


def adds_power(capability: str) -> bool:
    """Whether it is more than what may be given back after ``drop = ["ALL"]``."""
    return capability.upper().removeprefix("CAP_") not in _DEFAULT
