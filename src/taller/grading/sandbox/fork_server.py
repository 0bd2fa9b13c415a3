"""Programs as forks of one process that has imported already what they are going to import.

Importing takes most of a short program's time. So a sandbox begins with a process that only waits,
the holder; here a fork joins the holder's namespaces and control groups, becomes what a program
started there would be (same user, no capability, same limits) and runs a module. The holder ends
with its exit code, and so the sandbox does; when the sandbox is killed, the kernel takes the fork
with it, since it lives in the sandbox's pid namespace.

The server holds no secret, reads nothing that a program wrote, sees the system read-only, and ends
when its grader does. Its forks then end too, and so each holder: bubblewrap's --die-with-parent
misses a grader that is killed before bubblewrap asks for it. The server needs root: only root may
join what it did not make.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import runpy
import select
import signal
import socket
import struct
import sys
from typing import Any, NoReturn

from taller.grading.parent import end_with
from taller.grading.sandbox.limits import MEGABYTE
from taller.hcl import parse
from taller.terraform.version import locate

_IMPORTED = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "IPython",
    "taller.lab", "taller.lab.banner", "taller.lab.docker_view", "taller.lab.given",
    "taller.lab.picture", "taller.lab.own", "taller.lab.ending", "taller.lab.colleague", "jinja2",
    "taller.grading.facts_program", "taller.grading.kernel_program", "taller.hcl.configuration",
    "docker_provider.__main__", "docker_provider.server", "docker_provider.connection",
    "docker_provider.image_build",
)  # fmt: skip

_ORDER_BYTES = 1 << 20
_MOST_DESCRIPTORS = 16
_KILLED = 128 + signal.SIGKILL

# <linux/sched.h>: mount, cgroup, uts, ipc, user, pid and network namespaces
_NAMESPACES = (
    0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
)
# <linux/prctl.h>
_SET_PDEATHSIG, _SET_DUMPABLE, _CAPBSET_DROP, _SET_NO_NEW_PRIVS = 1, 4, 24, 38
_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL = 47, 4
# <linux/capability.h>: version 3 of the header, for this process
_NO_CAPABILITIES = (struct.pack("Ii", 0x20080522, 0), bytes(24))
_PIDFD_GETFD = 438  # <asm-generic/unistd.h>, the same on every architecture

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Serve orders from the socket on standard input until it closes."""
    orders = socket.socket(fileno=os.dup(0))
    for name in _IMPORTED:
        if _abandoned(orders):
            return
        importlib.import_module(name)
    locate()  # asks Terraform for its version, which is remembered,
    parse("main.tf", "")  # and makes the parser
    gc.freeze()  # no fork looks through all of this for what it could free
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    while True:
        text, descriptors, _, _ = socket.recv_fds(orders, _ORDER_BYTES, _MOST_DESCRIPTORS)
        if not text or _abandoned(orders):
            return
        if os.fork() == 0:
            orders.close()
            _obey(json.loads(text), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _abandoned(orders: socket.socket) -> bool:
    """Whether the grader is gone, perhaps with an order of its still waiting."""
    look = select.poll()
    look.register(orders, 0)  # that the other end is closed is told in any case (man 2 poll)
    return bool(look.poll(0))


def _obey(order: dict[str, Any], channel: int, *groups: int) -> NoReturn:
    """Become the parent of a sandboxed program, and tell its exit code to the holder."""
    code = _KILLED
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for group in groups:
            os.write(group, b"0")
        server = os.getppid()
        end_with(server)
        output = _join(channel)
        end_with(server)  # again: other namespaces undo it
        child = os.fork()
        if child == 0:
            _become(order, output)
            _run(order["module"], order["arguments"])
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        with contextlib.suppress(OSError):  # the sandbox was killed meanwhile
            os.write(channel, b"%d\n" % (code if code >= 0 else 128 - code))
        os._exit(0)


def _join(channel: int) -> tuple[int, int]:
    """Enter the namespaces of the holder behind a channel; returns the sandbox's two outputs.

    The kernel itself says who has written the first line to the channel (man 7 unix).
    """
    with socket.socket(fileno=os.dup(channel)) as holder:
        size = socket.CMSG_SPACE(struct.calcsize("3i"))
        _, ancillary, _, _ = holder.recvmsg(1, size)
    if not ancillary:
        os._exit(0)  # the sandbox did not begin
    pid = struct.unpack("3i", ancillary[0][2])[0]
    there = os.pidfd_open(pid)
    output = (_checked(_libc.syscall(_PIDFD_GETFD, there, 7, 0)),
              _checked(_libc.syscall(_PIDFD_GETFD, there, 8, 0)))  # fmt: skip
    os.setgroups([])
    _checked(_libc.setns(there, _NAMESPACES))
    return output


def _become(order: dict[str, Any], output: tuple[int, int]) -> None:
    """Give up all that a program started by bubblewrap does not have."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    size = order["file_mb"] * MEGABYTE
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    _checked(_libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    capability = 0
    while _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0) == 0:  # until there is none
        capability += 1
    _checked(_libc.prctl(_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
    os.setresgid(order["user"], order["user"], order["user"])
    os.setresuid(order["user"], order["user"], order["user"])
    _checked(_libc.capset(*_NO_CAPABILITIES))
    _checked(_libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0))  # as after an exec: its own /proc is its own
    _checked(_libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    os.chdir(order["folder"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, *output)):
        os.dup2(descriptor, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(order["env"])


def _run(module: str, arguments: list[str]) -> NoReturn:
    """Run a module as ``python -m`` does, and end as Python would."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    sys.argv = [module, *arguments]
    sys.path[0] = os.getcwd()  # noqa: PTH109 - what python -m puts there
    sys.modules.pop(module, None)
    code = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = _exit_code(end)
    except BaseException:  # noqa: BLE001 - what Python itself does with what nobody caught
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _exit_code(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return (end.code or 0) & 0xFF
    print(end.code, file=sys.stderr)
    return 1


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


if __name__ == "__main__":
    main()
