"""A worker ends with the grader that started it, also when that one is killed."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Have the kernel kill this process as soon as its parent ends (man 2 PR_SET_PDEATHSIG).

    Its sandboxes ask the same of it, so nothing that it started goes on either.

    Args:
        parent: process id of the parent, which may have ended already.

    Raises:
        OSError: the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
