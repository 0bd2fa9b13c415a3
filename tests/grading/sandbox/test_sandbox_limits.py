"""Each limit ends a program that goes beyond it, and the machine does not feel it."""

import itertools
import os
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from taller.grading.sandbox import Completed, Limits, SandboxUnavailable, run_sandboxed
from taller.grading.sandbox.jail import require_bubblewrap
from taller.grading.sandbox.meter import GroupV2
from taller.removal import remove_tree

SOURCES = Path(__file__).parents[3] / "src"
FORK_BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
MEMORY_BOMB = "kept = []\nwhile True: kept.append(bytearray(10_000_000))"
BUSY = "while True: pass"
STRANGE_NAME = r"""
import ctypes, time
PR_SET_NAME = 15
ctypes.CDLL(None).prctl(PR_SET_NAME, b"\xff) R 1 (\n", 0, 0, 0)
time.sleep(0.3)
print("fine")
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "ws"
    folder.mkdir()
    return folder


def run(workspace: Path, code: str, limits: Limits) -> Completed:
    return run_sandboxed([sys.executable, "-c", code], workspace=workspace, limits=limits)


def test_processor_time_is_limited(workspace: Path) -> None:
    done = run(workspace, BUSY, Limits(cpu_s=0.5, wall_s=120))
    assert done.status == "timeout"
    assert 0.5 < done.cpu_seconds < 1.5


def test_the_processor_time_of_children_that_ended_counts(workspace: Path) -> None:
    code = "import subprocess, sys\nwhile True: subprocess.run([sys.executable, '-c', 'pass'])"
    assert run(workspace, code, Limits(cpu_s=0.5, wall_s=120)).status == "timeout"


def test_waiting_costs_no_processor_time_but_ends_too(workspace: Path) -> None:
    done = run(workspace, "import time; time.sleep(1000)", Limits(cpu_s=5, wall_s=1))
    assert done.status == "timeout"
    assert done.cpu_seconds < 0.5


def test_who_only_waits_is_ended_early_even_if_it_looks_up_now_and_then(workspace: Path) -> None:
    code = "import time\nwhile True: time.sleep(0.5)"
    done = run(workspace, code, Limits(cpu_s=5, wall_s=60, idle_s=4))
    assert done.status == "idle"
    assert 4 < done.seconds < 30


def test_who_works_or_has_others_work_for_it_does_not_wait(workspace: Path) -> None:
    worked = run(workspace, BUSY, Limits(cpu_s=6, wall_s=120, idle_s=2))
    assert worked.status == "timeout"
    others = itertools.count()
    waited = run_sandboxed(
        [sys.executable, "-c", "import time; time.sleep(8)"], workspace=workspace,
        limits=Limits(idle_s=4), elsewhere=lambda: float(next(others)),
    )  # fmt: skip
    assert waited.status == "ok"


def test_threads_are_no_processes_whatever_a_machine_makes_of_them(workspace: Path) -> None:
    code = """
import threading, time
for _ in range(100):
    threading.Thread(target=time.sleep, args=(1,)).start()
"""
    assert run(workspace, code, Limits(processes=40)).status == "ok"


def test_what_was_unlinked_and_is_still_open_counts_as_disk(workspace: Path) -> None:
    code = """
import os, time
held = []
for number in range(30):
    file = open(str(number), "wb")
    os.unlink(str(number))
    file.write(bytes(1 << 20))
    file.flush()
    held.append(file)
time.sleep(20)
"""
    assert run(workspace, code, Limits(disk_mb=20)).status == "disk"


def test_folders_deeper_than_a_path_can_be_long_count_as_too_much_disk(workspace: Path) -> None:
    code = """
import os, time
for number in range(30):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
time.sleep(20)
"""
    assert run(workspace, code, Limits()).status == "disk"
    remove_tree(workspace)
    assert not workspace.exists()


def test_memory_is_limited(workspace: Path) -> None:
    assert run(workspace, MEMORY_BOMB, Limits(memory_mb=150)).status == "memory"


def test_the_memory_of_all_processes_together_counts(workspace: Path) -> None:
    code = """
import os, time
for _ in range(9):
    if os.fork() == 0:
        kept = bytearray(b"x" * 30_000_000)
        time.sleep(60)
time.sleep(60)
"""
    assert run(workspace, code, Limits(memory_mb=150, wall_s=40)).status == "memory"


def test_a_fork_bomb_is_ended(workspace: Path) -> None:
    assert run(workspace, FORK_BOMB, Limits(processes=40)).status == "processes"


def test_output_is_cut_with_a_mark(workspace: Path) -> None:
    done = run(workspace, "while True: print('x' * 10_000)", Limits(output_mb=1))
    assert done.status == "output"
    assert len(done.stdout) < 1024 * 1024 + 100
    assert done.stdout.endswith("[… salida cortada: pasa de 1 MB …]\n")


def test_output_that_is_not_text_comes_back_readable(workspace: Path) -> None:
    done = run(workspace, "import os; os.write(1, b'\\xff\\xfe')", Limits())
    assert done.stdout == "��"


def test_a_file_cannot_grow_beyond_its_limit(workspace: Path) -> None:
    done = run(workspace, "open('f', 'wb').write(b'x' * 5_000_000)", Limits(file_mb=2))
    assert "File too large" in done.stderr
    assert (workspace / "f").stat().st_size <= 2 * 1024 * 1024


@pytest.mark.parametrize(
    ("code", "limits"),
    [
        ("open(f'{i}', 'wb').write(b'x' * 1_000_000)", Limits(disk_mb=20)),
        ("open(f'{i}', 'wb').close()", Limits(files=2000)),
        ("os.makedirs(f'{i}/a/b/c')", Limits(files=2000)),
    ],
    ids=["bytes", "files", "folders"],
)
def test_filling_the_disk_ends_the_program(workspace: Path, code: str, limits: Limits) -> None:
    assert (
        run(workspace, f"import os, itertools\nfor i in itertools.count(): {code}", limits).status
        == "disk"
    )


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_the_temporary_folders_have_an_end(workspace: Path, folder: str) -> None:
    code = f"open('{folder}/f', 'wb').write(b'x' * 5_000_000)"
    assert "No space left on device" in run(workspace, code, Limits(tmp_mb=2)).stderr


def test_others_go_on_while_one_takes_all_it_can(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(4)]
    for folder in folders:
        folder.mkdir()
    codes = [MEMORY_BOMB, FORK_BOMB, "print(sum(range(10**6)))", "print('fine')"]
    limits = Limits(memory_mb=150, processes=40)
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(run, folders, codes, [limits] * 4))
    assert [d.status for d in done] == ["memory", "processes", "ok", "ok"]
    assert [d.stdout for d in done[2:]] == ["499999500000\n", "fine\n"]


def test_a_program_killed_by_itself_is_not_taken_for_a_limit(workspace: Path) -> None:
    done = run(workspace, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", Limits())
    assert (done.status, done.returncode) == ("killed", 137)


def test_a_program_that_is_not_there_is_reported(workspace: Path) -> None:
    done = run_sandboxed(["no-such-program"], workspace=workspace)
    assert done.returncode == 127
    assert "no-such-program" in done.stderr


def test_nothing_is_left_in_the_system(workspace: Path) -> None:
    run(workspace, FORK_BOMB, Limits(processes=20))
    groups = list(Path("/sys/fs/cgroup").glob(f"**/taller-{os.getpid()}-*"))
    assert groups == []


def test_the_same_workspace_can_be_used_again(workspace: Path) -> None:
    run(workspace, "import os; os.makedirs('a/b'); open('a/b/c', 'w').write('1')", Limits())
    (workspace / "a" / "ours").write_text("ours")
    done = run(workspace, "print(open('a/b/c').read(), open('a/ours', 'a').write('!'))", Limits())
    assert done.stdout == "1 1\n"


def test_without_bubblewrap_the_message_says_what_to_install(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_bubblewrap.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxUnavailable, match="Falta bubblewrap") as caught:
        run_sandboxed(["true"], workspace=workspace)
    assert "apt-get install bubblewrap" in caught.value.suggestion
    require_bubblewrap.cache_clear()


def test_a_user_without_privileges_is_protected_as_well(tmp_path: Path) -> None:
    """The whole way without root: user namespaces, and no control groups."""
    user = [] if os.geteuid() else ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    # Not pytest's own folder, nor the checkout: neither need be open to another user.
    place = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    place.chmod(0o755)
    (workspace := place / "ws").mkdir()
    shutil.copytree(SOURCES, place / "src", ignore=shutil.ignore_patterns("__pycache__"))
    program = f"""
        import sys
        from pathlib import Path
        from taller.grading.sandbox import Limits, run_sandboxed
        limits = Limits(memory_mb=200, processes=40, cpu_s=1, disk_mb=20)
        codes = {[FORK_BOMB, MEMORY_BOMB, BUSY, "print(open('/etc/shadow'))", STRANGE_NAME]!r}
        folder = Path({str(workspace)!r})
        for code in codes:
            command = ["/usr/bin/python3", "-c", code]
            done = run_sandboxed(command, workspace=folder, limits=limits)
            print(done.status, done.returncode, done.stdout.strip())
    """
    try:
        if user:
            for folder in (place, workspace):
                os.chown(folder, 65534, 65534)
        done = subprocess.run(
            [*user, "/usr/bin/python3", "-c", textwrap.dedent(program)],
            capture_output=True, text=True, timeout=120, cwd="/",
            env={"PYTHONPATH": str(place / "src"), "PATH": os.environ["PATH"]},
        )  # fmt: skip
    finally:
        shutil.rmtree(place)
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["processes", "memory", "timeout", "ok", "ok"], (
        done.stderr
    )
    assert lines[3:] == ["ok 1 ", "ok 0 fine"]


def test_control_groups_of_version_2_are_set_and_read(tmp_path: Path) -> None:
    """On a folder that stands for the hierarchy: a kernel offers version 1 or 2, not both."""
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids")
    group = GroupV2(Limits(memory_mb=2, tasks=7), root=tmp_path)
    folder = group.entries[0].parent
    assert (folder / "memory.max").read_text() == str(2 * 1024 * 1024)
    assert (folder / "pids.max").read_text() == "7"
    (folder / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 1")
    (folder / "memory.current").write_text("4096")
    (folder / "memory.events").write_text("oom 1\noom_kill 1")
    (folder / "cgroup.procs").write_text("5\n7\n6\n7\n")
    (folder / "pids.events").write_text("max 0")
    usage = group.read(1)
    assert (usage.cpu_seconds, usage.memory, usage.processes) == (1.5, 4096, 3)
    assert (usage.out_of_memory, usage.crowded) == (True, False)
