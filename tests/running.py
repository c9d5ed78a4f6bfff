"""Which processes run, as seen from outside: each of them may end while it is being looked at."""

from __future__ import annotations

from collections.abc import Iterable

import psutil


def runs(process: psutil.Process) -> bool:
    """Whether a process has not ended; a zombie, which its parent has to reap, counts as ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def with_command(processes: Iterable[psutil.Process], part: str) -> list[psutil.Process]:
    """Return those that run and whose command contains `part`."""
    return [process for process in processes if runs(process) and part in _command(process)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
