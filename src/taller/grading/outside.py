"""What both sandboxes of a submission, the notebook's and the oracle's, get from outside."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker_guard.history import Event
from taller.grading.sandbox import Limits
from taller.grading.sandbox.idle import Elsewhere, nothing_elsewhere


@dataclass(frozen=True)
class Outside:
    """See the module.

    Attributes:
        guard_socket: the way to Docker.
        limits: of each of the two.
        files: path in the workspace to text.
        more_env: variables besides those that both always have.
        forwards: port of the sandbox's loopback device to the Unix socket behind it.
        seen: what the guard has seen created and removed so far.
        elsewhere: processor seconds of what works for them outside.
        stored: what the servers of remote state have seen so far.
    """

    guard_socket: Path
    limits: Limits
    files: Mapping[str, str] = field(default_factory=dict)
    more_env: Mapping[str, str] = field(default_factory=dict)
    forwards: Mapping[int, Path] = field(default_factory=dict)
    seen: Callable[[], list[Event]] = list
    elsewhere: Elsewhere = nothing_elsewhere
    stored: Callable[[], list[dict[str, Any]]] = list

    @property
    def env(self) -> dict[str, str]:
        """Their variables; the guard knows what builds need of pip's settings."""
        always = {
            "TALLER_HOME": "/workspace/home", "TALLER_PROVIDER": "embedded",
            "PIP_CONFIG_FILE": os.devnull,
        }  # fmt: skip
        return always | dict(self.more_env)

    def write_files(self, workspace: Path) -> None:
        """Write the files into a workspace."""
        for name, text in self.files.items():
            path = workspace / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
