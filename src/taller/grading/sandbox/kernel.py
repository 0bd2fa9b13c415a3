"""A Jupyter kernel in a sandbox, for nbclient and testbook.

The kernel listens on Unix sockets in its workspace (``transport="ipc"``), since it has no network:

    with SandboxedKernel(workspace, limits=Limits(cpu_s=30)) as kernel:
        with testbook(notebook, kernel_manager_class=kernel.manager_class,
                      shutdown_kernel="immediate") as client:
            ...
    kernel.stop().status
"""

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from queue import Empty
from typing import IO, Any, Self

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

from taller.errors import TallerError
from taller.grading.sandbox.idle import Elsewhere, nothing_elsewhere
from taller.grading.sandbox.limits import MEGABYTE, Completed, Limits, Status
from taller.grading.sandbox.unconfined import jail_for
from taller.grading.sandbox.watch import Watch
from taller.removal import remove_tree

_FOLDER = ".kernel"
_MODULE = "ipykernel_launcher"
_SOCKETS = "s"
_LONGEST_SOCKET = len("/-00")
_ERRORS_BYTES = 64 * 1024
"""How much is kept of what a kernel writes to standard error, mostly why it did not start."""
_MESSAGE_BYTES = 64 * MEGABYTE
_QUEUE = 8
"""Messages of one kind that may wait, each with its parts."""
_SOCKET_PATH_LIMIT = 107
"""Bytes of a Unix socket's path on Linux (sun_path, less its closing zero)."""


class SandboxedKernel:
    """A kernel that sees what run_sandboxed() lets a program see, within the same limits.

    The processor and wall time of Limits are those of the whole life of the kernel. Its sockets
    are in the workspace's folder ``.kernel``, which is removed when it ends. As a context manager
    it ends the kernel, also one that testbook lost (it does when its own entry raises).

    Args:
        workspace, read_only, guard_socket, limits, env, forwards, elsewhere: as in
            run_sandboxed().
        module: what ``python -m`` runs, with ipykernel_launcher's arguments.

    Attributes:
        manager_class: give it to nbclient or testbook as ``kernel_manager_class``; it starts
            one kernel at a time.

    Raises:
        SandboxUnavailable: bubblewrap is missing or may not isolate here.
        TallerError: the workspace's path is too long for sockets.
    """

    def __init__(
        self, workspace: Path, *, read_only: Sequence[Path] = (),
        guard_socket: Path | None = None, limits: Limits | None = None,
        env: Mapping[str, str] | None = None, forwards: Mapping[int, Path] | None = None,
        module: str = _MODULE, elsewhere: Elsewhere = nothing_elsewhere,
    ) -> None:  # fmt: skip
        self._limits = limits or Limits()
        self._workspace = workspace.resolve(strict=True)
        self._jail = jail_for(
            workspace, read_only, guard_socket, self._limits, env or {}, forwards or {}
        )
        self.folder = self._workspace / _FOLDER
        if len(os.fsencode(self.folder)) + _LONGEST_SOCKET > _SOCKET_PATH_LIMIT:
            raise TallerError(
                f"La ruta de la carpeta de trabajo es demasiado larga: {workspace}",
                "Usa una carpeta temporal con una ruta más corta.",
            )
        self._module = module
        self._elsewhere = elsewhere
        self._completed: Completed | None = None
        self._status: Status | None = None
        self._failure: Exception | None = None
        self._watcher: threading.Thread | None = None
        self._stopping = threading.Event()
        self.manager_class = _manager_class(self)

    @property
    def status(self) -> Status:
        """The limit that ended the kernel; ``ok`` while it runs or when it was shut down."""
        return self._status or "ok"

    def stop(self) -> Completed | None:
        """End the kernel if it still runs, wait until nothing of it is left, and tell how it ended.

        Returns:
            What it used (``stdout`` is empty); None when it was never started.

        Raises:
            Exception: what failed while it was watched; nothing of it is left even so.
        """
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
        if self._failure is not None:
            raise self._failure
        return self._completed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def prepare(self) -> None:
        """Make the folder of the sockets anew: an earlier kernel may have put anything there."""
        if self.folder.is_symlink() or self.folder.is_file():
            self.folder.unlink()
        elif self.folder.exists():
            remove_tree(self.folder)
        self.folder.mkdir(mode=0o700)

    def started(
        self, args: Sequence[str], watch: Watch
    ) -> AbstractContextManager[tuple[list[str], int]]:
        """The command line that starts the kernel behind the walls, and its standard input."""
        outside = str(self.folder)
        inside = f"{self._jail.inside}/{_FOLDER}"
        connection = json.loads((self.folder / "outside.json").read_text())
        connection["ip"] = connection["ip"].replace(outside, inside)
        (self.folder / "inside.json").write_text(json.dumps(connection))
        file = f"{outside}/outside.json"
        translated = [arg.replace(file, f"{inside}/inside.json") for arg in args]
        program = [self._module if arg == _MODULE else arg for arg in translated]
        return self._jail.started(program, watch.groups)

    def watch(self) -> Watch:
        """The limits of a kernel that is about to start."""
        return Watch(self._workspace, self._limits, self._elsewhere)

    def follow(self, process: "subprocess.Popen[bytes]", watch: Watch, errors: IO[bytes]) -> None:
        """Watch a kernel from a thread of its own, until nothing of it is left."""
        self._status = None
        self._stopping.clear()
        self._watcher = threading.Thread(
            target=self._follow, args=(process, watch, errors), name="kernel watch", daemon=True
        )
        self._watcher.start()

    def _follow(self, process: "subprocess.Popen[bytes]", watch: Watch, errors: IO[bytes]) -> None:
        try:
            with watch, errors:
                try:
                    self._look_on(process, watch)
                finally:
                    watch.end(process)
                    self._jail.sweep()
                errors.seek(0)
                text = errors.read(_ERRORS_BYTES).decode(errors="replace")
                self._completed = watch.completed(process, self.status, "", text)
            remove_tree(self.folder)
        except Exception as error:  # noqa: BLE001 - nobody waits for a thread: stop() tells it
            self._failure = error

    def _look_on(self, process: "subprocess.Popen[bytes]", watch: Watch) -> None:
        while process.poll() is None and not self._status:
            if self._stopping.wait(watch.pause):
                break
            self._status = watch.broken(process.pid)
        self._status = self._status or watch.broken(process.pid)


class _Client(AsyncKernelClient):
    """jupyter_client's own, without its fifth of a second of silence before the first cell.

    A message has a limit, and so has the queue of those that wait to be read: whoever sends more
    loses them, and the connection for a moment.
    """

    def _create_connected_socket(self, *args: Any, **kwargs: Any) -> Any:
        self.context.setsockopt(zmq.MAXMSGSIZE, _MESSAGE_BYTES)  # of new sockets
        self.context.setsockopt(zmq.RCVHWM, _QUEUE)
        return super()._create_connected_socket(*args, **kwargs)

    async def wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ARG002 - the sandbox has its own deadline, and ends the kernel
        """Wait until the kernel answers, on the channel of its outputs too.

        Raises:
            RuntimeError: it has ended.
        """
        while True:
            self.kernel_info()
            try:
                reply = await self.get_shell_msg(timeout=1)
                await self.get_iopub_msg(timeout=1)
            except Empty:
                if not await self.is_alive():
                    raise RuntimeError("the kernel ended before it answered") from None
            else:
                self._handle_kernel_info_reply(reply)
                return


def _manager_class(kernel: SandboxedKernel) -> type[AsyncKernelManager]:
    class SandboxedKernelManager(AsyncKernelManager):
        """Starts the kernel in its sandbox; otherwise jupyter_client's own manager."""

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.client_factory = _Client
            self.transport = "ipc"
            self.cache_ports = False
            self.ip = str(kernel.folder / _SOCKETS)
            self.connection_file = str(kernel.folder / "outside.json")

        async def _async_pre_start_kernel(self, **kw: Any) -> tuple[list[str], dict[str, Any]]:
            kernel.prepare()
            started = await super()._async_pre_start_kernel(**kw)
            # Over the control channel: no signal crosses the pid namespace.
            if self.kernel_spec is not None:
                self.kernel_spec.interrupt_mode = "message"
            return started

        async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
            watch = kernel.watch()
            errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the kernel has ended
            kw |= {"env": dict(os.environ), "cwd": "/"}
            kw |= {"stdout": subprocess.DEVNULL, "stderr": errors}
            with kernel.started(kernel_cmd, watch) as (line, stdin):
                await super()._async_launch_kernel(line, **kw, stdin=stdin)
            process = getattr(self.provisioner, "process", None)
            if not isinstance(process, subprocess.Popen):
                raise TallerError("jupyter_client no inició el kernel como un proceso local.")
            kernel.follow(process, watch, errors)

    return SandboxedKernelManager
