"""What both sandboxes of a submission, the notebook's and the oracle's, get from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from taller.grading.sandbox import Limits


@dataclass(frozen=True)
class Outside:
    """See the module.

    Attributes:
        guard_socket: the way to Docker.
        limits: of each of the two.
        files: path in the workspace to text.
        env: further variables.
        forwards: port of the sandbox's loopback device to the Unix socket behind it.
    """

    guard_socket: Path
    limits: Limits
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    forwards: Mapping[int, Path] = field(default_factory=dict)

    def write_files(self, workspace: Path) -> None:
        """Write the files into a workspace."""
        for name, text in self.files.items():
            path = workspace / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
