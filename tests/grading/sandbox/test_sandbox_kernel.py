"""A Jupyter kernel in a sandbox, driven by testbook as the grader does."""

from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import DeadKernelError
from testbook import testbook

from taller.errors import TallerError
from taller.grading.sandbox import Completed, Limits
from taller.grading.sandbox.kernel import SandboxedKernel


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("k")


def execute(kernel: SandboxedKernel, *sources: str, **options: object) -> list[str]:
    """Run cells and return what each printed."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with kernel, testbook(
        notebook, execute=True, kernel_manager_class=kernel.manager_class,
        shutdown_kernel="immediate", **{"timeout": 60, **options},
    ):  # fmt: skip
        return ["".join(o.get("text", "") for o in cell.outputs) for cell in notebook.cells]


def ending(kernel: SandboxedKernel) -> Completed:
    """What became of a kernel that was started."""
    completed = kernel.stop()
    assert completed is not None
    return completed


def test_cells_run_inside_the_walls(workspace: Path) -> None:
    kernel = SandboxedKernel(workspace, env={"MODE": "train"})
    code = "import os; print(os.getcwd(), os.getuid(), os.environ['MODE'], os.path.exists('/home'))"
    assert execute(kernel, code, "x = 2", "print(x)") == [
        "/workspace 1000 train False\n",
        "",
        "2\n",
    ]
    result = ending(kernel)
    assert result.status == "ok"
    assert 0 < result.cpu_seconds < 10


def test_the_workspace_keeps_the_answers_files_and_no_socket(workspace: Path) -> None:
    kernel = SandboxedKernel(workspace)
    execute(kernel, "open('main.tf', 'w').write('x')")
    ending(kernel)
    assert [path.name for path in workspace.iterdir()] == ["main.tf"]


def test_an_endless_loop_ends_with_its_processor_time(workspace: Path) -> None:
    kernel = SandboxedKernel(workspace, limits=Limits(cpu_s=3))
    with pytest.raises(DeadKernelError):
        execute(kernel, "while True: pass", timeout=200)
    assert ending(kernel).status == "timeout"


def test_a_loop_that_swallows_interrupts_ends_as_well(workspace: Path) -> None:
    kernel = SandboxedKernel(workspace, limits=Limits(cpu_s=3))
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    with pytest.raises(DeadKernelError):
        execute(kernel, code, timeout=1, interrupt_on_timeout=True)
    assert ending(kernel).status == "timeout"


def test_a_memory_bomb_ends_the_kernel_and_says_so(workspace: Path) -> None:
    kernel = SandboxedKernel(workspace, limits=Limits(memory_mb=300))
    with pytest.raises(DeadKernelError):
        execute(kernel, "kept = []\nwhile True: kept.append(bytearray(10_000_000))")
    assert ending(kernel).status == "memory"


def test_an_interrupt_reaches_the_cell(workspace: Path) -> None:
    kernel = SandboxedKernel(workspace)
    code = "import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('stopped')"
    assert execute(kernel, code, timeout=1, interrupt_on_timeout=True)[0].startswith("stopped")


def test_a_trap_left_by_an_earlier_kernel_is_cleared(workspace: Path, tmp_path: Path) -> None:
    target = tmp_path / "outside"
    target.mkdir()
    (workspace / ".kernel").symlink_to(target)
    assert execute(SandboxedKernel(workspace), "print(1)") == ["1\n"]
    assert list(target.iterdir()) == []


def test_a_workspace_with_a_long_path_is_refused_with_advice(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 90)
    folder.mkdir()
    with pytest.raises(TallerError, match="demasiado larga"):
        SandboxedKernel(folder)
