"""The Docker Engine: the one that answers, or one installed and started here."""

import os
import shutil
import time
from pathlib import Path

import docker
import psutil

from taller import process, workspace
from taller.docker_state import DockerState, EngineError, engine_address
from taller.doctor.engine_kind import Kind, how_to_install, kind_of
from taller.doctor.finding import Finding
from taller.doctor.packages import can_install, install
from taller.errors import TallerError
from taller.progress import Progress, Update

NAME = "Docker Engine"
_LOCAL = "unix:///var/run/docker.sock"
_START_SECONDS = 60


def check() -> Finding:
    """Whether an engine answers, of which kind it is, and what follows from that."""
    try:
        state = DockerState()
        found, kind = state.version(), _kind(state)
    except EngineError as error:
        absent = error.reason == "missing" and not can_install()
        advice = how_to_install() if absent else error.suggestion
        return Finding(NAME, "missing", detail=error.message, advice=advice)
    if kind.unsupported:
        return Finding(NAME, "missing", found.engine, kind.unsupported, kind.advice)
    where = f"{engine_address()}{_context()} (API {found.api})"
    detail = " · ".join((where, *kind.names))
    return Finding(NAME, "found", found.engine, detail, notes=kind.notes)


def _kind(state: DockerState) -> Kind:
    return kind_of(state.client.version(), state.client.info(), engine_address())


def _context() -> str:
    """Which Docker context says where the engine is; empty for the usual one."""
    if os.environ.get("DOCKER_HOST"):
        return ", por DOCKER_HOST"
    name = docker.ContextAPI.get_current_context().Name
    return "" if name == "default" else f", contexto {name}"


def fix(progress: Progress) -> None:
    """Install and start an engine, where that can be done.

    Raises:
        EngineError: the engine is there but refuses this user, or is not this machine's.
        TallerError: what answers is not an engine that the workshop works with.
        TallerError: it cannot be installed or started; the message says what to do by hand.
    """
    try:
        kind = _kind(DockerState())
        if kind.unsupported:
            raise TallerError(kind.unsupported, kind.advice)
    except EngineError as error:
        if error.reason == "forbidden" or engine_address() != _LOCAL:
            raise
        if shutil.which("dockerd") is None:
            _install(progress)
        _start(progress)


def _install(progress: Progress) -> None:
    if not can_install():
        raise TallerError("No hay Docker Engine en esta máquina.", how_to_install())
    install(progress, "docker.io", "para tener un Docker Engine")


def _start(progress: Progress) -> None:
    """Start the engine unless one is starting already.

    Two engines in one network namespace take each other's ``docker0`` away.
    """
    with progress.step("Docker Engine: lo arranco y espero a que conteste") as update:
        log = workspace.home() / "engine" / "dockerd.log"
        if Path("/run/systemd/system").is_dir():
            process.run(["systemctl", "start", "docker"], timeout=_START_SECONDS)
        elif not _running_here():
            if os.geteuid() != 0:
                raise TallerError(
                    "El Docker Engine está parado y solo root puede arrancarlo.",
                    "Arráncalo con «sudo service docker start» y repite la orden.",
                )
            process.spawn(["dockerd"], log=log)
        _wait(update, log)


def _wait(update: Update, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            DockerState()
        except EngineError as error:
            if time.monotonic() > deadline:
                tail = (
                    "\n".join(log.read_text("utf-8", "replace").splitlines()[-8:])
                    if (log.is_file())
                    else ""
                )
                raise TallerError(
                    f"El Docker Engine no contesta después de {_START_SECONDS} s.\n{tail}",
                    f"Mira su registro: {log}",
                ) from error
            update("todavía no contesta")
            time.sleep(0.2)
        else:
            return


def _running_here() -> bool:
    """Whether a ``dockerd`` runs in this network namespace, answering or not."""
    ours = _network_namespace("self")
    return any(
        _network_namespace(str(p.pid)) == ours
        for p in psutil.process_iter(["name"])
        if p.info["name"] == "dockerd" and p.status() != psutil.STATUS_ZOMBIE
    )


def _network_namespace(pid: str) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:  # the process has ended, or is another user's
        return ""
