"""The walls: what a sandboxed program sees, written as a command line of bubblewrap.

Run by root, the program becomes a host user that nobody else is, and then user 1000 of a user
namespace in which it cannot make another; run by another user, it stays that user outside. Either
way it has no capability and can gain none.
"""

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from taller.grading import relay
from taller.grading.sandbox.forks import HOLDER, forked, module_of
from taller.grading.sandbox.limits import MEGABYTE, Limits, SandboxUnavailable

WORKSPACE = "/workspace"
"""Where the program finds its workspace, whatever the folder is called outside."""

GUARD_SOCKET = "/run/docker.sock"
"""Where the program finds the guard's socket."""

_NAMESPACES = ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
               "--unshare-cgroup-try")  # fmt: skip
_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("ld.so.cache", "localtime", "alternatives", "mime.types", "os-release")
_USER = 1000
_NAMESPACE_USER = ("--unshare-user", "--disable-userns", "--uid", str(_USER), "--gid", str(_USER))
_FIRST_ID = 1_900_000_000
"""Host users from here on belong to sandboxes; distributions and containers use lower numbers."""
_IDS = 200_000_000
_CHECK_SECONDS = 30

# Enter the control groups, open the file with bubblewrap's arguments as number 9 and remove it
# (so that nothing is left behind, and no path of the host shows in the process list), go on.
ENTER = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done; shift; '
_ARGUMENTS = 'exec 9< "$1" && rm -- "$1" && shift && exec "$@"'

_serial = itertools.count()


class Jail:
    """The walls around one program.

    Args:
        workspace: the only folder that it may write to.
        read_only: further folders and files that it may read, at the same paths.
        guard_socket: the guard's socket, the only way to Docker; none by default.
        limits: sizes of files and of the temporary folders.
        env: variables besides the minimal ones.
        forwards: port of the sandbox's loopback device to the Unix socket behind it.

    Attributes:
        inside: the workspace's path as the program sees it.
        user: the host user that it becomes; None for this process's own.

    Raises:
        SandboxUnavailable: bubblewrap is missing or may not isolate here.
    """

    def __init__(
        self, workspace: Path, read_only: Sequence[Path], guard_socket: Path | None,
        limits: Limits, env: Mapping[str, str], forwards: Mapping[int, Path],
    ) -> None:  # fmt: skip
        self.require()
        self.inside = WORKSPACE
        self._workspace = workspace.resolve(strict=True)
        self._read_only = [*_runtime(), *(path.resolve(strict=True) for path in read_only)]
        self._guard_socket = guard_socket
        self._forwards = forwards
        self._limits = limits
        docker = {"DOCKER_HOST": f"unix://{GUARD_SOCKET}"} if guard_socket else {}
        self._env = {**_minimal_env(), **docker, **env}
        self.user = _user_of(self._workspace) if os.geteuid() == 0 else None

    def require(self) -> None:
        """Make sure that the walls can be built; for what is raised see the class."""
        require_bubblewrap()

    def sweep(self) -> None:
        """Kill what outlived the first process: behind walls, the kernel has done it already."""

    @contextmanager
    def started(
        self, args: Sequence[str], groups: Sequence[Path]
    ) -> Iterator[tuple[list[str], int]]:
        """The command line that runs a program behind the walls, once, and its standard input.

        A Python module becomes a fork of the fork server where that is possible: by root, and with
        control groups, which count what is no descendant of the sandbox's first process.

        Args:
            args: the program and its arguments, with paths as they are inside.
            groups: control groups' files that the first process enters.
        """
        module = module_of(args)
        if module is None or self.user is None or not groups:
            yield self.command(args, groups), subprocess.DEVNULL
            return
        with forked(
            module, user=_USER, folder=WORKSPACE, env=self._env, file_mb=self._limits.file_mb,
            groups=groups,
        ) as channel:  # fmt: skip
            yield self.command(HOLDER, groups), channel

    def command(self, args: Sequence[str], groups: Sequence[Path]) -> list[str]:
        """The command line that runs a program behind the walls, once; as for started()."""
        self.hand_over()
        file = _write_arguments(self._walls(), self._workspace.parent)
        entries = [str(group) for group in groups]
        outer = ["bwrap", "--args", "9", "--", *self._become_user(), *self._rlimits(groups)]
        inner = [*self._relayed({port: _inside(port) for port in self._forwards}), *args]
        return ["sh", "-c", ENTER + _ARGUMENTS, "sh", *entries, "--", file, *outer, *inner]

    def _relayed(self, sockets: Mapping[int, str]) -> list[str]:
        """The beginning of a command line whose program finds sockets on ports."""
        if not sockets:
            return []
        pairs = [f"{port}={path}" for port, path in sockets.items()]
        return [sys.executable, "-I", "-S", relay.__file__, *pairs, "--"]

    def hand_over(self) -> None:
        """Give the workspace and the guard's socket to the sandbox's user."""
        if self.user is None:
            return
        for socket in self._sockets():
            os.chown(socket, self.user, self.user)
        for folder, folders, files, fd in os.fwalk(self._workspace):
            del folder
            os.fchown(fd, self.user, self.user)
            for name in (*folders, *files):
                os.chown(name, self.user, self.user, dir_fd=fd, follow_symlinks=False)

    def _walls(self) -> list[str]:
        walls = [*_NAMESPACES, "--die-with-parent", "--hostname", "taller", "--clearenv"]
        walls += _privileges(self.user) + _system(self._limits.tmp_mb * MEGABYTE)
        for parent in _parents(self._read_only):
            walls += ["--perms", "0755", "--dir", str(parent)]
        for path in self._read_only:
            walls += ["--ro-bind", str(path), str(path)]
        walls += ["--bind", str(self._workspace), WORKSPACE]
        for socket, inside in self._sockets().items():
            walls += ["--bind", str(socket), inside]
        for name, value in self._env.items():
            walls += ["--setenv", name, value]
        return [*walls, "--remount-ro", "/dev", "--remount-ro", "/"]

    def _sockets(self) -> dict[Path, str]:
        """Sockets outside, and where the program finds them."""
        guard = {self._guard_socket: GUARD_SOCKET} if self._guard_socket else {}
        return guard | {socket: _inside(port) for port, socket in self._forwards.items()}

    def _become_user(self) -> list[str]:
        """Root's program steps down twice: to a host user, then into a user namespace."""
        if self.user is None:
            return []
        user = str(self.user)
        return [
            "setpriv", "--reuid", user, "--regid", user, "--clear-groups",
            "bwrap", *_NAMESPACE_USER, "--dev-bind", "/", "/", "--chdir", WORKSPACE, "--",
        ]  # fmt: skip

    def _rlimits(self, groups: Sequence[Path]) -> list[str]:
        """Limits of each process; with control groups the number of processes is theirs."""
        limits = ["prlimit", "--core=0", f"--fsize={self._limits.file_mb * MEGABYTE}"]
        if not groups:
            limits.append(f"--nproc={self._limits.tasks}")
        return limits


def _inside(port: int) -> str:
    return f"/run/forward-{port}"


def _privileges(user: int | None) -> list[str]:
    if user is None:
        return [*_NAMESPACE_USER, "--chdir", WORKSPACE]
    return ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]


def _system(tmp_bytes: int) -> list[str]:
    """What every program needs of the system, and temporary folders of its own."""
    walls = ["--ro-bind", "/usr", "/usr", *(word for name in _LINKS for word in _link(name))]
    for folder in ("/etc", "/run", "/var"):
        walls += ["--perms", "0755", "--dir", folder]
    walls += ["--symlink", "/run", "/var/run"]  # where the documentation says that Docker listens
    for name in _ETC:
        walls += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    walls += ["--proc", "/proc", "--dev", "/dev"]
    for folder in ("/dev/shm", "/tmp"):  # noqa: S108 - the sandbox's own, private ones
        walls += ["--perms", "1777", "--size", str(tmp_bytes), "--tmpfs", folder]
    return walls


def _link(name: str) -> list[str]:
    """The system's folder of that name, which mostly is a link into /usr."""
    path = Path("/", name)
    if path.is_symlink():
        return ["--symlink", str(path.readlink()), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.is_dir() else []


def _parents(paths: Sequence[Path]) -> list[Path]:
    """The folders on the way to some paths, from the outside in: bubblewrap would close them."""
    return sorted({parent for path in paths for parent in path.parents} - {Path("/")})


def _runtime() -> list[Path]:
    """This Python, its packages and our sources; nothing else of the folders they lie in."""
    sources = Path(__file__).parents[3]
    wanted = {Path(sys.prefix), Path(sys.base_prefix), sources}
    return sorted(path for path in wanted if not path.is_relative_to("/usr"))


def _minimal_env() -> dict[str, str]:
    return {
        "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",  # noqa: S108 - the sandbox's own, private one
        "USER": "alumno",
        "LOGNAME": "alumno",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }


def _user_of(workspace: Path) -> int:
    """A host user for what runs in a workspace; the same one each time."""
    owner = workspace.stat().st_uid
    if owner >= _FIRST_ID:
        return owner
    return _FIRST_ID + (os.getpid() * 1000 + next(_serial) % 1000) % _IDS


def _write_arguments(arguments: Sequence[str], folder: Path) -> str:
    """Write them beside the workspace, which is removed even if we are killed right now."""
    descriptor, name = tempfile.mkstemp(prefix="taller-bwrap-", dir=folder)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"\0".join(os.fsencode(argument) for argument in arguments) + b"\0")
    return name


@cache
def require_bubblewrap() -> None:
    """Make sure, once, that bubblewrap can isolate a program on this machine.

    Raises:
        SandboxUnavailable: it cannot; the suggestion says what to install or allow.
    """
    if shutil.which("bwrap") is None:
        raise SandboxUnavailable(
            "Falta bubblewrap, que aísla las respuestas mientras se corrigen.",
            "Instálalo: apt-get install bubblewrap (Fedora: dnf install bubblewrap). Solo para "
            "respuestas de confianza: --sandbox none.",
        )
    user = [] if os.geteuid() == 0 else _NAMESPACE_USER
    walls = ["--unshare-pid", "--unshare-net", *user, "--ro-bind", "/", "/", "--proc", "/proc"]
    test = subprocess.run(
        ["bwrap", *walls, "true"], capture_output=True, text=True, timeout=_CHECK_SECONDS
    )
    if test.returncode != 0:
        raise SandboxUnavailable(
            f"bubblewrap no puede aislar programas en este equipo: {test.stderr.strip()}",
            "Permite los espacios de nombres de usuario (kernel.unprivileged_userns_clone=1 y "
            "kernel.apparmor_restrict_unprivileged_userns=0) o ejecuta el calificador como root.",
        )
