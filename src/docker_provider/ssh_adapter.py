"""An engine over SSH: ``ssh HOST docker system dial-stdio``, as Docker's own command line does."""

import contextlib
import socket
import subprocess
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

_END_SECONDS = 2
"""What a closed connection's ssh gets to end by itself."""


def ssh_command(address: str, options: Sequence[str]) -> list[str]:
    """The command for ``ssh://[USER@]HOST[:PORT][/SOCKET]``; it never asks for a password.

    >>> ssh_command("ssh://ana@servidor:2222", [])[-9:]
    ['-l', 'ana', '-p', '2222', '--', 'servidor', 'docker', 'system', 'dial-stdio']
    """
    parts = urlsplit(address)
    user = ["-l", parts.username] if parts.username else []
    port = ["-p", str(parts.port)] if parts.port else []
    engine = ["--host", f"unix://{parts.path}"] if parts.path.strip("/") else []
    flags = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-T"]
    far = [parts.hostname or "", "docker", *engine, "system", "dial-stdio"]
    return ["ssh", *options, *flags, *user, *port, "--", *far]


class _Connection(HTTPConnection):
    """A connection whose far end is the standard input and output of an ssh."""

    def __init__(self, command: Sequence[str], timeout: Any) -> None:
        super().__init__("localhost", timeout=timeout)
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def connect(self) -> None:
        """Start the ssh; it reports what is wrong on standard error, and so in Terraform's log."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                self._command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                start_new_session=True,
            )
        if isinstance(self.timeout, int | float):
            ours.settimeout(self.timeout)
        self.sock = ours

    def close(self) -> None:
        """Close, and end the ssh."""
        super().close()
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
                return
            process.kill()
            process.wait()


class _Pool(HTTPConnectionPool):
    def __init__(self, command: Sequence[str], size: int) -> None:
        super().__init__("localhost", maxsize=size)
        self._command = command

    def _new_conn(self) -> Any:
        return _Connection(self._command, self.timeout.connect_timeout)


class SshAdapter(HTTPAdapter):
    """A requests adapter whose every connection is an ssh of its own."""

    def __init__(self, command: Sequence[str], pool_maxsize: int) -> None:
        self._pool = _Pool(command, pool_maxsize)
        super().__init__()

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Give the one pool, whatever the address in the request says."""
        return self._pool

    def request_url(self, request: Any, proxies: Any) -> str:
        """Ask for a path, as one asks an engine and not a proxy."""
        return str(request.path_url)

    def close(self) -> None:
        """Close every idle connection."""
        self._pool.close()
        super().close()
