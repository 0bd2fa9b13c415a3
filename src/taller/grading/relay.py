"""Pass connections on between a port of the loopback device and a Unix socket.

As a program, ``python relay.py LISTEN=CONNECT… -- COMMAND…``, it listens, starts the command and
relays in a process of its own. An address is a port's number or a socket's path. A sandbox has no
network and a remote state's server neither: this is how one reaches the other. Python's standard
library is all that it needs, for it also runs inside the server's container.
"""

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Callable

_BLOCK = 64 * 1024
_LOOPBACK = "127.0.0.1"


def listen(address: str) -> socket.socket:
    """A socket that listens on a port of the loopback device or on a path.

    Raises:
        OSError: the address is taken, or cannot be used.
    """
    if address.isdecimal():
        return socket.create_server((_LOOPBACK, int(address)))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    os.chmod(address, 0o666)  # noqa: PTH101, S103 - whoever reaches its folder may use it
    listener.listen()
    return listener


def connect(address: str) -> socket.socket:
    """A connection to such an address.

    Raises:
        OSError: nobody listens there.
    """
    if address.isdecimal():
        return socket.create_connection((_LOOPBACK, int(address)))
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    return connection


def serve(listener: socket.socket, upstream: Callable[[], socket.socket]) -> None:
    """Relay each connection to one that ``upstream`` makes, until the listener is shut down."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:  # shut down
            return
        threading.Thread(target=_relay, args=(client, upstream), daemon=True).start()


def _relay(client: socket.socket, upstream: Callable[[], socket.socket]) -> None:
    with client, contextlib.suppress(OSError), upstream() as server:
        back = threading.Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        _pump(client, server)
        back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):  # one of the two has hung up
        while block := source.recv(_BLOCK):
            target.sendall(block)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def main(words: list[str]) -> None:
    """Run the command while connections are relayed; see the module."""
    end = words.index("--")
    pairs = [word.split("=", 1) for word in words[:end]]
    listeners = [(listen(source), target) for source, target in pairs]
    if os.fork():
        for listener, _ in listeners:
            listener.close()
        os.execvp(words[end + 1], words[end + 1 :])  # noqa: S606 - the very command we were given
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):  # the command's output ends with the command
        os.dup2(nothing, descriptor)
    threads = [
        threading.Thread(target=serve, args=(listener, lambda target=target: connect(target)))
        for listener, target in listeners
    ]
    for thread in threads:
        thread.start()
    for thread in threads:  # once the first one ends, Python starts no more
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1:])
