"""Machines that differ in what must not decide a verdict: Terraform, control groups, load."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.terraforms import install

_WITHOUT_GROUPS = (
    "unshare", "--mount", "--propagation", "private", "sh", "-c",
    'mount -t tmpfs -o ro none /sys/fs/cgroup && exec "$@"', "sh",
)  # fmt: skip
_BUSY = "while True: pass"


@dataclass(frozen=True)
class Machine:
    """What is other than here.

    Attributes:
        terraform: which of ``tests.terraforms`` it has.
        groups: whether its kernel's control groups can be used; without them processes are counted
            and limited one by one, with other limits.
        busy: programs that use a processor each, all the time.
    """

    terraform: str
    groups: bool = True
    busy: int = 0

    @contextmanager
    def python(self, folder: Path) -> Iterator[tuple[str, ...]]:
        """The beginning of a command line that runs this project's Python there."""
        environment = _environment(folder / "venv", self.terraform)
        with ExitStack() as stack:
            for _ in range(self.busy):
                process = stack.enter_context(subprocess.Popen([sys.executable, "-c", _BUSY]))
                stack.callback(process.kill)
            yield (*(() if self.groups else _WITHOUT_GROUPS), str(environment / "bin" / "python"))


OLD = Machine("oldest", groups=False)
"""Terraform 1.6, and no control groups, as a bare container has it."""
NEW = Machine("newest", busy=2)
"""The Terraform that the workshop brings along, on a machine that does something else as well."""


def _environment(folder: Path, terraform: str) -> Path:
    """A copy of the virtual environment, with another Terraform in it."""
    shutil.copytree(sys.prefix, folder, symlinks=True, copy_function=_linked)
    program = install(terraform, folder / "other", python=str(folder / "bin" / "python"))
    link = folder / "bin" / "terraform"
    link.unlink(missing_ok=True)
    link.symlink_to(program)
    return folder


def _linked(source: str, target: str) -> None:
    """Hard links where the file system allows it: an environment has a gigabyte and a half."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
