"""The only place that starts programs.

Every program runs in a session of its own, so that a time limit reaches all that it started and
a Ctrl-C in the terminal reaches it once, from here, and not a second time from the terminal.
"""

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from taller.errors import TallerError

_PIPES_CLOSE_SECONDS = 1.0
"""How long output may still arrive after a program has ended."""
_NAP_SECONDS = 0.05


@dataclass(frozen=True)
class Completed:
    """A program that has ended: exit status (negative: the signal), output, seconds it took."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float


class ProgramMissing(TallerError):
    """The program is not on the PATH."""


class ProgramTimeout(TallerError):
    """The program ran into its time limit and was ended, with all that it had started."""

    def __init__(self, message: str, completed: Completed) -> None:
        super().__init__(message, "Vuelve a intentarlo; si se repite, mira qué estaba esperando.")
        self.completed = completed


def run(
    args: Sequence[str],
    *,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    input: str | None = None,
    on_line: Callable[[str], None] | None = None,
    grace: float = 0.0,
) -> Completed:
    """Run a program to its end and return what it printed.

    Args:
        args: the program and its arguments; no shell is involved.
        timeout: seconds until the program is ended.
        cwd: folder in which it runs; the current one by default.
        env: its whole environment; the current one by default.
        input: text for its standard input, which is empty by default.
        on_line: called with each line of standard output, as it arrives.
        grace: seconds between the SIGINT and the SIGKILL that end it, on the time limit or on
            Ctrl-C; with 0 it is killed at once.

    Raises:
        ProgramMissing: the program is not there.
        ProgramTimeout: the time limit was reached.
        KeyboardInterrupt: on Ctrl-C, once the program has ended.
    """
    began = time.monotonic()
    with _ctrl_c_noted() as ctrl_c:
        process = _start(args, cwd, env, subprocess.PIPE, subprocess.PIPE, subprocess.PIPE)
        readers = _Readers(process, on_line)
        _feed(process, input)
        try:
            ended = _wait(process, timeout, ctrl_c)
        except BaseException:  # a signal's handler that raises: nothing of ours may outlive us
            _end(process, grace)
            raise
        if not ended:
            _end(process, grace)
        stdout, stderr = readers.finish()
    completed = Completed(process.returncode, stdout, stderr, time.monotonic() - began)
    if not ended:
        raise ProgramTimeout(f"«{args[0]}» no terminó en {timeout:g} s y se detuvo.", completed)
    return completed


def spawn(
    args: Sequence[str],
    *,
    log: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    capture_stdout: bool = False,
    feed_stdin: bool = False,
) -> subprocess.Popen[str]:
    """Start a program that outlives this process; what it prints goes to the file ``log``.

    With ``capture_stdout`` its standard output is a pipe instead, for programs that announce
    there that they are ready; with ``feed_stdin`` its standard input is one, for those that ask.

    Raises:
        ProgramMissing: the program is not there.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        stdout = subprocess.PIPE if capture_stdout else file
        stdin = subprocess.PIPE if feed_stdin else subprocess.DEVNULL
        return _start(args, cwd, env, stdin, stdout, file)


def _start(
    args: Sequence[str],
    cwd: Path | None,
    env: Mapping[str, str] | None,
    stdin: int,
    stdout: int | IO[str],
    stderr: int | IO[str],
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            args, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=stderr,
            text=True, encoding="utf-8", errors="replace", start_new_session=True,
        )  # fmt: skip
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise TallerError(f"No existe la carpeta {cwd}.") from error
        raise ProgramMissing(
            f"No se encuentra el programa «{args[0]}».",
            "Instálalo o ejecuta «taller doctor --fix», que lo hace por ti.",
        ) from error
    except PermissionError as error:
        raise ProgramMissing(
            f"No se puede ejecutar «{args[0]}»: permiso denegado.",
            f"Revisa sus permisos: ls -l {args[0]}",
        ) from error


@contextlib.contextmanager
def _ctrl_c_noted() -> Iterator[int]:
    """Give a descriptor that becomes readable on Ctrl-C, which is raised at the end only.

    Raised at once, it could fall between the start of a program and the code that ends it, or
    into that code. Python gives signals to its main thread: elsewhere there is nothing to note.
    """
    noted, note = os.pipe()
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    if is_main and callable(before):
        signal.signal(signal.SIGINT, lambda *_: os.write(note, b"^C"))
    try:
        yield noted
    finally:
        if is_main and callable(before):
            signal.signal(signal.SIGINT, before)
        was_noted = _readable([noted], 0)
        os.close(noted)
        os.close(note)
        if was_noted:
            signal.raise_signal(signal.SIGINT)


def _wait(process: subprocess.Popen[str], seconds: float, ctrl_c: int) -> bool:
    """Wait for the end of a process, the time limit or Ctrl-C; tell whether it has ended."""
    try:
        end = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # not Linux, or it has ended already: ask now and then
        deadline = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < deadline:
            if _readable([ctrl_c], _NAP_SECONDS):
                break
    else:
        _readable([end, ctrl_c], seconds)
        os.close(end)
    return process.poll() is not None


def _readable(descriptors: list[int], seconds: float) -> list[int]:
    return select.select(descriptors, [], [], seconds)[0]


def _feed(process: subprocess.Popen[str], text: str | None) -> None:
    """Write the standard input; small texts only, they fit into the pipe's buffer."""
    stdin = process.stdin
    if stdin is not None:
        with contextlib.suppress(BrokenPipeError):  # it ended without reading: its own right
            if text:
                stdin.write(text)
            stdin.close()


class _Readers:
    """Two threads that empty a program's pipes, so that it never waits for us."""

    def __init__(
        self, process: subprocess.Popen[str], on_line: Callable[[str], None] | None
    ) -> None:
        self._process = process
        self._stdout: list[str] = []
        self._stderr: list[str] = []
        self._failure: BaseException | None = None
        self._threads = [
            threading.Thread(
                target=self._read, args=(process.stdout, self._stdout, on_line), daemon=True
            ),
            threading.Thread(
                target=self._read, args=(process.stderr, self._stderr, None), daemon=True
            ),
        ]
        for thread in self._threads:
            thread.start()

    def _read(self, pipe: IO[str], lines: list[str], on_line: Callable[[str], None] | None) -> None:
        for line in pipe:
            lines.append(line)
            if on_line is not None and self._failure is None:
                try:
                    on_line(line)
                except Exception as error:  # noqa: BLE001 - handed to the caller by finish()
                    self._failure = error

    def finish(self) -> tuple[str, str]:
        """Wait for the last lines; kill whatever still holds the pipes open."""
        for thread in self._threads:
            thread.join(_PIPES_CLOSE_SECONDS)
        if any(thread.is_alive() for thread in self._threads):
            _kill_group(self._process)
            for thread in self._threads:
                thread.join(_PIPES_CLOSE_SECONDS)
        if self._failure is not None:
            raise self._failure
        return "".join(self._stdout), "".join(self._stderr)


def _end(process: subprocess.Popen[str], grace: float) -> None:
    """End a program: one SIGINT, then, after the grace period, SIGKILL for its whole group."""
    if grace > 0:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    _kill_group(process)
    process.wait()


def _kill_group(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):  # nothing left to kill
        os.killpg(process.pid, signal.SIGKILL)
