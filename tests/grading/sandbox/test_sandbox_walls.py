"""What a sandboxed program can and cannot see; each test tries to get out."""

import os
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from taller.grading.sandbox import GUARD_SOCKET, Completed, Limits, run_sandboxed


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "ws"
    folder.mkdir()
    return folder


def run(workspace: Path, code: str, **options: object) -> Completed:
    """Run Python code in a sandbox."""
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return run_sandboxed(command, workspace=workspace, **options)  # type: ignore[arg-type]


def test_a_program_runs_and_leaves_its_files_in_the_workspace(workspace: Path) -> None:
    done = run(workspace, "import os; open('x', 'w').write('1'); print(os.getcwd(), os.getuid())")
    assert (done.status, done.returncode, done.stderr) == ("ok", 0, "")
    assert done.stdout == "/workspace 1000\n"
    assert (workspace / "x").read_text() == "1"


def test_our_own_packages_can_be_imported(workspace: Path) -> None:
    assert run(workspace, "import taller.errors, titanic, pandas; print('ok')").stdout == "ok\n"


def test_the_exit_code_and_standard_error_come_back(workspace: Path) -> None:
    done = run(workspace, "import sys; sys.stderr.write('mal'); sys.exit(7)")
    assert (done.status, done.returncode, done.stderr) == ("ok", 7, "mal")


def test_a_file_of_another_submission_is_not_there(workspace: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.ipynb"
    other.write_text("secret")
    done = run(workspace, f"open({str(other)!r})")
    assert "FileNotFoundError" in done.stderr


def test_a_link_in_the_workspace_does_not_lead_out(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "other.ipynb").write_text("secret")
    (workspace / "link").symlink_to(tmp_path / "other.ipynb")
    assert "FileNotFoundError" in run(workspace, "open('link')").stderr


def test_only_this_python_and_the_sources_of_their_folders_are_there(workspace: Path) -> None:
    sources = str(Path(__file__).parents[3] / "src")
    given = {os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, sources)}
    done = run(
        workspace,
        f"""
        import os
        for folder in ("/root", "/home", "/var", "/mnt", "/opt", "/srv", "/sys", "/boot"):
            for here, folders, files in os.walk(folder):
                folders[:] = [each for each in folders if os.path.join(here, each) not in {given!r}]
                assert not files, (here, files)
        """,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["content", "solutions", "exercises", "tests", ".git"])
def test_answers_and_checks_are_not_there(workspace: Path, name: str) -> None:
    path = Path(__file__).parents[3] / name
    assert run(workspace, f"import os; print(os.path.exists({str(path)!r}))").stdout == "False\n"


def test_what_is_handed_over_can_be_read_but_not_written(workspace: Path, tmp_path: Path) -> None:
    course = tmp_path / "course"
    course.mkdir()
    (course / "data.csv").write_text("a,b")
    code = f"print(open({str(course / 'data.csv')!r}).read()); open({str(course / 'new')!r}, 'w')"
    done = run(workspace, code, read_only=[course])
    assert done.stdout == "a,b\n"
    assert "Read-only file system" in done.stderr


@pytest.mark.parametrize("path", ["/x", "/usr/x", "/etc/x", "/dev/x", "/proc/sys/kernel/hostname"])
def test_nothing_of_the_system_can_be_written(workspace: Path, path: str) -> None:
    done = run(workspace, f"open({path!r}, 'w').write('x')")
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr or "Permission denied" in done.stderr


def test_the_environment_of_the_grader_does_not_go_in(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLER_SECRET", "hush")
    code = """
        import glob, os
        print(sorted(os.environ))
        for file in glob.glob("/proc/[0-9]*/environ"):
            try:
                assert b"hush" not in open(file, "rb").read()
            except PermissionError:
                continue
    """
    done = run(workspace, code, env={"MODE": "train"})
    assert done.stderr == ""
    assert "TALLER_SECRET" not in done.stdout
    assert "'MODE'" in done.stdout


def test_no_descriptor_of_the_grader_goes_in(workspace: Path) -> None:
    with (Path(__file__)).open() as secret:
        os.set_inheritable(secret.fileno(), True)
        done = run(workspace, "import os; print([os.readlink(f'/proc/self/fd/{n}') for n in (0,)])")
        listed = run(workspace, "import os; print(os.listdir('/proc/self/fd'))")
    assert done.stdout == "['/dev/null']\n"
    assert {int(n) for n in eval(listed.stdout)} <= {0, 1, 2, 3}


def test_other_processes_cannot_be_seen_nor_signalled(workspace: Path) -> None:
    code = f"""
        import os
        print(len([p for p in os.listdir("/proc") if p.isdigit()]))
        for pid in ({os.getpid()}, 1):
            try:
                os.kill(pid, 9)
            except (ProcessLookupError, PermissionError) as error:
                print(type(error).__name__)
    """
    lines = run(workspace, code).stdout.split()
    assert int(lines[0]) < 6
    assert lines[2] == "PermissionError"


def test_the_paths_of_the_grader_do_not_show_in_the_process_list(workspace: Path) -> None:
    code = "import glob; print([open(f).read() for f in glob.glob('/proc/[0-9]*/cmdline')])"
    assert str(workspace) not in run(workspace, code).stdout


def test_there_is_no_network_not_even_the_hosts_loopback(workspace: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"""
            import socket
            for address in (("127.0.0.1", {port}), ("8.8.8.8", 53)):
                try:
                    socket.create_connection(address, 2)
                except OSError as error:
                    print(error.strerror)
        """
        done = run(workspace, code)
    assert done.stdout.split("\n")[:2] == ["Connection refused", "Network is unreachable"]


def test_an_abstract_socket_of_the_host_is_out_of_reach(workspace: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0taller-test-abstract")
        server.listen()
        code = "import socket; socket.socket(socket.AF_UNIX).connect('\\0taller-test-abstract')"
        assert "ConnectionRefusedError" in run(workspace, code).stderr


@pytest.mark.parametrize("path", ["/var/run/docker.sock", "/run/docker.sock"])
def test_the_real_docker_socket_is_not_there(workspace: Path, path: str) -> None:
    assert run(workspace, f"import os; print(os.path.exists({path!r}))").stdout == "False\n"


def test_the_guards_socket_is_there_when_given(workspace: Path, tmp_path: Path) -> None:
    path = tmp_path / "guard.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        code = f"""
            import os, socket
            assert os.environ["DOCKER_HOST"] == "unix://{GUARD_SOCKET}"
            socket.socket(socket.AF_UNIX).connect({GUARD_SOCKET!r})
            print("connected")
        """
        assert run(workspace, code, guard_socket=path).stdout == "connected\n"


def test_no_privilege_can_be_gained(workspace: Path) -> None:
    code = """
        import ctypes, os, subprocess
        status = open("/proc/self/status").read()
        for line in status.splitlines():
            if line.startswith("Cap"):
                assert int(line.split()[1], 16) == 0, line
        assert "NoNewPrivs:\\t1" in status
        libc = ctypes.CDLL(None, use_errno=True)
        CLONE_NEWUSER = 0x10000000
        assert libc.unshare(CLONE_NEWUSER) == -1
        assert libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == -1
        assert subprocess.run(["mknod", "/tmp/sda", "b", "8", "0"]).returncode != 0
    """
    done = run(workspace, code)
    assert done.returncode == 0, done.stderr


def test_what_double_forks_and_ignores_signals_does_not_outlive_the_program(
    workspace: Path,
) -> None:
    code = """
        import os, signal, time
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True:
                    open("heart", "w").write(str(time.time()))
                    time.sleep(0.01)
            os._exit(0)
        time.sleep(0.3)
    """
    assert run(workspace, code).status == "ok"
    assert_heart_has_stopped(workspace)


def test_what_ignores_signals_does_not_outlive_the_deadline(workspace: Path) -> None:
    code = """
        import os, signal, time
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.setsid() if os.fork() == 0 else None
        while True:
            open("heart", "w").write(str(time.time()))
            time.sleep(0.01)
    """
    assert run(workspace, code, limits=Limits(wall_s=1)).status == "timeout"
    assert_heart_has_stopped(workspace)


def test_nothing_outlives_a_grader_that_is_killed(workspace: Path) -> None:
    program = "import time\nwhile True: open('heart','w').write(str(time.time())); time.sleep(.01)"
    code = f"""
        from pathlib import Path
        from taller.grading.sandbox import run_sandboxed
        run_sandboxed([{sys.executable!r}, "-c", {program!r}], workspace=Path({str(workspace)!r}))
    """
    grader = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
    deadline = time.monotonic() + 30
    while not (workspace / "heart").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    grader.kill()
    grader.wait()
    time.sleep(0.5)
    assert_heart_has_stopped(workspace)


def assert_heart_has_stopped(workspace: Path) -> None:
    beat = (workspace / "heart").read_text()
    time.sleep(0.3)
    assert (workspace / "heart").read_text() == beat
