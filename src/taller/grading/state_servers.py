"""Remote state for one submission: servers that nothing but its own sandboxes can reach.

There are an S3 server and PostgreSQL, each a container without a network, which begins when
somebody first connects. What they keep is in memory and goes with them.
"""

import contextlib
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import docker

from taller.checks import remote_facts
from taller.docker_state import connect
from taller.doctor import built_images
from taller.doctor.image import base_image
from taller.errors import TallerError
from taller.grading import relay

LABEL = "taller.state"
"""Says whose the containers are; without the labels by which a guard knows what is its tenant's."""

_FOLDER = "backend"
_BUCKET, _REGION, _DATABASE = "tfstate", "us-east-1", "tfstate"
_START_SECONDS = 60.0
_PAUSE_SECONDS = 0.05
_ANSWER_SECONDS = 0.1
"""A server that is not there yet hangs up at once; one that is waits to be spoken to."""
_MEMORY = "/memory"
"""Where a container keeps what it writes, until it ends."""
_MEMORY_BYTES = 512 * 1024 * 1024
_PROCESSES = 256
_LOG = "8m"
_LOG_LINES = 20_000
"""An exercise leaves a few hundred lines; whoever floods the log drowns its own proof."""


@dataclass(frozen=True)
class _Server:
    """A kind of server.

    Attributes:
        module: in ``infra/modules``, whose image it is.
        port: inside its container.
        probe: the command by which its image says that it is ready.
        environment: of the container; ``PASSWORD`` is replaced.
        settings: Terraform's backend settings, written as the module's output is: an exercise
            takes its line on the lock out. ``PORT`` and ``PASSWORD`` are replaced.
    """

    module: str
    port: int
    probe: tuple[str, ...]
    environment: Mapping[str, str]
    settings: str


_SERVERS = {
    "s3": _Server(
        "state_s3", 9000, ("python", "/opt/s3/healthcheck.py"),
        {"S3_BUCKET": _BUCKET, "S3_REGION": _REGION, "S3_OBJECTS_FILE": f"{_MEMORY}/objects.json"},
        f"""\
bucket     = "{_BUCKET}"
key        = "terraform.tfstate"
region     = "{_REGION}"
endpoints  = {{ s3 = "http://127.0.0.1:PORT" }}
access_key = "taller"
secret_key = "PASSWORD"

use_lockfile = true

use_path_style              = true
skip_credentials_validation = true
skip_requesting_account_id  = true
skip_metadata_api_check     = true
skip_region_validation      = true
""",
    ),
    "pg": _Server(
        "state_pg", 5432, ("pg_isready", "--quiet", "--host=127.0.0.1"),
        {"STATE_USER": "taller", "STATE_PASSWORD": "PASSWORD", "STATE_DATABASE": _DATABASE,
         "PGDATA": f"{_MEMORY}/cluster"},
        f"""\
conn_str    = "postgres://taller:PASSWORD@127.0.0.1:PORT/{_DATABASE}?sslmode=disable"
schema_name = "terraform_remote_state"
""",
    ),
}  # fmt: skip


class StateServers:
    """The servers of one submission; a context manager.

    Args:
        folder: an empty one, for sockets; its path is short.
        prefix, run: of the submission, for the containers' labels.

    Attributes:
        forwards: port in a sandbox to the socket outside, as run_sandboxed() takes them.
        files: path in a workspace to text: the backend settings that the servers take.
        env: the variables that name these files, as exercises read them.
    """

    def __init__(self, folder: Path, prefix: str, run: str) -> None:
        self._folder = folder
        self._labels = {LABEL: prefix, "taller.run": run}
        self._password = secrets.token_hex(16)
        self._ports = dict(zip(_SERVERS, free_ports(len(_SERVERS)), strict=True))
        self._listeners: list[socket.socket] = []
        self._locks = {kind: threading.Lock() for kind in _SERVERS}
        self._started: dict[str, str] = {}
        self._failure: Exception | None = None
        self.forwards = {port: folder / f"{kind}.sock" for kind, port in self._ports.items()}
        self.files = {f"{_FOLDER}/{kind}.tfbackend": self._settings(kind) for kind in _SERVERS}
        self.env = {
            f"TALLER_BACKEND_{kind.upper()}": f"/workspace/{_FOLDER}/{kind}.tfbackend"
            for kind in _SERVERS
        }

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700)
        for kind, port in self._ports.items():
            listener = relay.listen(str(self.forwards[port]))
            self._listeners.append(listener)
            upstream = partial(self._connect, kind)
            threading.Thread(target=relay.serve, args=(listener, upstream), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        for listener in self._listeners:
            with contextlib.suppress(OSError):  # nobody waits at it any more
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with contextlib.closing(connect()) as client:
            remove(client, self._labels[LABEL])
        shutil.rmtree(self._folder, ignore_errors=True)

    def check(self) -> None:
        """Make sure that every server that was wanted came.

        Raises:
            Exception: why one did not, which is nobody's answer's fault.
        """
        if self._failure is not None:
            raise self._failure

    def seen(self) -> list[dict[str, Any]]:
        """What the servers saw until now, in their order, as ``remote_facts`` tells it."""
        found: list[dict[str, Any]] = []
        with contextlib.closing(connect()) as client:
            for kind, id_ in self._started.items():
                log = client.api.logs(id_, tail=_LOG_LINES).decode("utf-8", "replace")
                found += remote_facts.events(kind, log)
        return sorted(found, key=lambda event: float(event["at"]))

    def _settings(self, kind: str) -> str:
        text = _SERVERS[kind].settings.replace("PASSWORD", self._password)
        return text.replace("PORT", str(self._ports[kind]))

    def _connect(self, kind: str) -> socket.socket:
        with self._locks[kind]:
            if kind not in self._started:
                try:
                    self._started[kind] = self._start(kind)
                except Exception as error:  # check() tells it: no answer can help it
                    self._failure = error
                    raise ConnectionRefusedError(kind) from error
        return relay.connect(str(self._folder / kind / "s"))

    def _start(self, kind: str) -> str:
        """Start a server whose only way out is a socket in a folder of ours; return its id."""
        server = _SERVERS[kind]
        shared = self._folder / kind
        shared.mkdir()
        shared.chmod(0o777)  # the server's user makes the socket; nobody else gets to the folder
        with contextlib.closing(connect()) as client:
            try:
                container = client.containers.run(**self._options(client, server, shared))
                _wait(container, shared / "s", server.probe)
            except docker.errors.DockerException as error:
                raise TallerError(
                    f"El servidor de state {server.module} no arranca: {error}",
                    "Ejecuta «taller doctor --fix», que prepara su imagen.",
                ) from error
        return str(container.id)

    def _options(
        self, client: docker.DockerClient, server: _Server, shared: Path
    ) -> dict[str, Any]:
        image = client.images.get(_image(client, server.module))
        start = command_of(image.attrs)
        environment = {
            name: value.replace("PASSWORD", self._password)
            for name, value in server.environment.items()
        }
        return {
            "image": image.id,
            "entrypoint": ["python3", "/relay.py", f"/shared/s={server.port}", "--", *start],
            "command": [],
            "environment": environment,
            "labels": self._labels,
            "network_mode": "none",
            "volumes": {
                str(shared): {"bind": "/shared", "mode": "rw"},
                str(Path(relay.__file__)): {"bind": "/relay.py", "mode": "ro"},
            },
            "tmpfs": {_MEMORY: "mode=1777", "/tmp": "mode=1777"},  # noqa: S108 - its own
            "healthcheck": {"test": ["NONE"]},  # asked once, below, and not for ever
            "read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"],
            "mem_limit": _MEMORY_BYTES, "memswap_limit": _MEMORY_BYTES, "pids_limit": _PROCESSES,
            "log_config": {"type": "json-file", "config": {"max-size": _LOG, "max-file": "1"}},
            "detach": True,
        }  # fmt: skip


def remove(client: docker.DockerClient, prefix: str) -> None:
    """Remove the servers of one submission."""
    for found in client.api.containers(all=True, filters={"label": f"{LABEL}={prefix}"}):
        with contextlib.suppress(docker.errors.NotFound):  # somebody else has just removed it
            client.api.remove_container(found["Id"], v=True, force=True)


def command_of(image: Mapping[str, Any]) -> list[str]:
    """What an image runs when nothing else is asked for, as the engine inspects it."""
    config = image.get("Config") or {}
    return [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]


def _image(client: docker.DockerClient, module: str) -> str:
    """The image that ``taller doctor`` keeps of a module."""
    recipe = next(recipe for recipe in built_images.recipes() if recipe.name == module)
    return recipe.tag(str(client.images.get(base_image()).id))


def _wait(container: Any, path: Path, probe: tuple[str, ...]) -> None:
    """Wait until a container's server listens, and its own probe says that it is ready.

    Raises:
        TallerError: it ended, or did not get ready in time; with its last words.
    """
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if _listens(path) and container.exec_run(list(probe)).exit_code == 0:
            return
        container.reload()
        if not (container.attrs.get("State") or {}).get("Running"):
            break
        time.sleep(_PAUSE_SECONDS)
    raise TallerError(
        "El servidor de state no llegó a estar listo: " + container.logs(tail=10).decode()
    )


def _listens(path: Path) -> bool:
    """Whether a server is behind a relay: where there is none, the relay hangs up."""
    try:
        with relay.connect(str(path)) as connection:
            connection.settimeout(_ANSWER_SECONDS)
            return connection.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:  # not even the relay
        return False


def free_ports(count: int) -> list[int]:
    """Ports that are free on this machine too, for sandboxes without walls.

    They are held until all are found: one that was let go may be handed out again.
    """
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(probe.getsockname()[1]) for probe in probes]
