"""What a person sees while a class is graded."""

import os
import pty
import re
import subprocess
import sys

PROGRAM = """
from taller.grading.class_progress import class_progress
from taller.result import Result
with class_progress() as progress:
    for student, status in (("ana", "graded"), ("luis", "timeout"), ("zoe", "graded")):
        score = 3 if status == "graded" else 0
        progress.verdict(Result("ej01", status, score, 10, (), student=student), 3)
"""


def test_in_a_terminal_a_bar_shows_rate_counts_and_what_is_not_graded() -> None:
    main, terminal = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stderr=terminal, env=env) as process:
        os.close(terminal)
        seen = b""
        while block := read(main):
            seen += block
    os.close(main)
    assert process.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode())
    last = [line for line in re.split(r"[\r\n]+", text) if "3/3" in line][-1]
    assert re.search(r"[\d.,]+ por minuto · graded 2 · timeout 1", last), text
    assert "luis ej01 timeout 0/10" in text
    assert "ana ej01" not in text


def read(terminal: int) -> bytes:
    """The next bytes; none when the other end is closed, which Linux calls an error (EIO)."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_elsewhere_each_verdict_is_a_line() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "[1/3] ana ej01 graded 3/10 0.0 s",
        "[2/3] luis ej01 timeout 0/10 0.0 s",
        "[3/3] zoe ej01 graded 3/10 0.0 s",
    ]
