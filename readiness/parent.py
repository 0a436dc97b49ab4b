"""Ending with the process that started us, however it ends (Linux: the kernel tells us)."""

import ctypes
import os
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent(number: int, parent: int) -> None:
    """Ask for the signal `number` when the process `parent`, ours, ends; end now when it is gone already."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)


def ends_with_parent(number: int) -> Callable[[], None]:
    """The same, for what this process starts: what the new process does first (`preexec_fn`)."""
    parent = os.getpid()
    return lambda: end_with_parent(number, parent)
