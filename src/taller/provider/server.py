"""The embedded provider's process: one for each workspace, found again by every other process.

Terraform reaches it through ``TF_REATTACH_PROVIDERS``; the process prints that variable's value as
one line of JSON when it is ready. A server keeps one configuration, so workspaces never share one.
"""

import contextlib
import hashlib
import json
import os
import secrets
import select
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

import psutil

from taller import process
from taller.errors import TallerError
from taller.locking import exclusive
from taller.workspace import Workspace, repository

_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_IDLE_SECONDS = 3600
_SOCKET_PATH_BYTES = 107
"""The longest path of a Unix socket on Linux."""

_ENGINE_VARIABLES = (
    "DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_CONTEXT", "DOCKER_CONFIG",
)  # fmt: skip


@dataclass(frozen=True)
class ServerRecord:
    """A provider process, as the workspace remembers it.

    Attributes:
        pid, created: process id and its start (epoch seconds): a reused id is another process.
        socket: path of its Unix socket.
        reattach: the value for ``TF_REATTACH_PROVIDERS``.
        fingerprint: of the engine's address and the provider's code it was started with.
    """

    pid: int
    created: float
    socket: str
    reattach: str
    fingerprint: str

    @property
    def alive(self) -> bool:
        """Whether the process still runs and accepts connections."""
        return self._process() is not None and _accepts(self.socket)

    def _process(self) -> psutil.Process | None:
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.created) < 1
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    def stop(self) -> None:
        """End the process, if it is still the one we started."""
        running = self._process()
        if running is not None:
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended by itself: as wanted
                running.terminate()
                _, late = psutil.wait_procs([running], timeout=_STOP_SECONDS)
                for survivor in late:
                    survivor.kill()
        Path(self.socket).unlink(missing_ok=True)


def ensure_server(workspace: Workspace) -> ServerRecord:
    """Return the workspace's provider process, started now unless one runs already.

    Raises:
        TallerError: it does not start; the message ends with its log's last lines.
    """
    wanted = _fingerprint()
    record = running_server(workspace)
    if record is not None and record.fingerprint == wanted:
        return record
    with exclusive(workspace.private / "provider.lock"):
        record = running_server(workspace)  # another process may have been faster
        if record is not None and record.fingerprint == wanted:
            return record
        stop_server(workspace)
        record = _start(workspace, wanted)
        _write(workspace, record)
        return record


def fork_server(workspace: Workspace) -> None:
    """Start the workspace's provider process as a fork, for a process that imported its code.

    Call it before this process has a second thread; ``ensure_server`` finds it later.
    """
    arguments, log = _serving(workspace)
    announcement, announcing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.chdir(workspace.folder)  # where a relative build context begins
        _serve_as_fork(arguments, announcing, log)
    os.close(announcing)
    with open(announcement, encoding="utf-8") as pipe:  # noqa: PTH123 - a descriptor
        reattach = pipe.readline().strip()
    if reattach:  # else ensure_server starts one, and says why it cannot
        _write(workspace, _record(pid, arguments, reattach, _fingerprint()))


def _serve_as_fork(arguments: list[str], announcing: int, log: Path) -> NoReturn:
    from docker_provider.__main__ import main

    code = 1
    try:
        os.setsid()
        errors = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for number, descriptor in ((1, announcing), (2, errors)):
            os.dup2(descriptor, number)
        code = main(arguments)
    finally:
        os._exit(code)


def running_server(workspace: Workspace) -> ServerRecord | None:
    """The workspace's provider process, if one runs."""
    try:
        record = ServerRecord(**json.loads(_record_file(workspace).read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):  # none yet, or not one of ours
        return None
    return record if record.alive else None


def stop_server(workspace: Workspace) -> None:
    """Stop the workspace's provider process; nothing happens when there is none."""
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):  # no readable record
        ServerRecord(**json.loads(_record_file(workspace).read_text("utf-8"))).stop()
    _record_file(workspace).unlink(missing_ok=True)


def _record_file(workspace: Workspace) -> Path:
    return workspace.private / "provider.json"


def _write(workspace: Workspace, record: ServerRecord) -> None:
    target = _record_file(workspace)
    draft = target.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(record)), "utf-8")
    draft.replace(target)


def _start(workspace: Workspace, fingerprint: str) -> ServerRecord:
    arguments, log = _serving(workspace)
    started = process.spawn(
        [sys.executable, "-m", "docker_provider", *arguments],
        log=log, cwd=workspace.folder, capture_stdout=True,
    )  # fmt: skip
    reattach = _first_line(started)
    if not reattach:
        started.kill()
        started.wait()
        raise TallerError(
            f"El proveedor embebido no arrancó:\n{_tail(log)}",
            f"El registro completo está en {log}.",
        )
    return _record(started.pid, arguments, reattach, fingerprint)


def _serving(workspace: Workspace) -> tuple[list[str], Path]:
    """The arguments of a provider process with a new socket, and its log."""
    socket_path = _socket_folder() / f"{secrets.token_hex(8)}.sock"
    log = workspace.private / "provider.log"
    return [
        "serve", "--socket", str(socket_path), "--idle-timeout", str(_IDLE_SECONDS),
        "--log", str(log),
    ], log  # fmt: skip


def _record(pid: int, arguments: list[str], reattach: str, fingerprint: str) -> ServerRecord:
    created = psutil.Process(pid).create_time()
    return ServerRecord(pid, created, arguments[2], reattach, fingerprint)


def _first_line(started: subprocess.Popen[str]) -> str:
    """The announcement on standard output, or "" when it does not come in time."""
    if started.stdout is None:
        raise ValueError("the server's standard output must be a pipe")
    with started.stdout as stdout:
        ready, _, _ = select.select([stdout], [], [], _START_SECONDS)
        return stdout.readline().strip() if ready else ""


def _tail(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-10:])


def _accepts(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        return client.connect_ex(path) == 0


def _socket_folder() -> Path:
    """A private folder with a short path."""
    parents = (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp")  # noqa: S108 - the folder below is made private and checked
    for parent in parents:
        if parent and os.access(parent, os.W_OK):
            folder = Path(parent) / f"taller-{os.getuid()}"
            if len(bytes(folder)) + 32 <= _SOCKET_PATH_BYTES:
                folder.mkdir(mode=0o700, exist_ok=True)
                if folder.stat().st_uid == os.getuid():
                    return folder
    raise TallerError(
        "No hay una carpeta temporal con un path corto donde crear un socket.",
        "Define XDG_RUNTIME_DIR con una carpeta tuya de path corto, por ejemplo /run/user/1000.",
    )


def _fingerprint() -> str:
    """Changes with what a running server cannot notice: the engine's address, its own code."""
    code = repository() / "src" / "docker_provider"
    newest = max((path.stat().st_mtime_ns for path in code.rglob("*.py")), default=0)
    engine = [os.environ.get(name, "") for name in _ENGINE_VARIABLES]
    return hashlib.sha256(repr((engine, newest, sys.executable)).encode()).hexdigest()
