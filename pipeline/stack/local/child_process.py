"""Starts, checks and ends one process of the stack."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
LOWEST_PRIORITY: Final = 19
"""Lowest scheduling priority: such a process gets CPU time that no other needs."""


def give_way() -> None:
    """Let this process have only the CPU time that no other needs."""
    os.nice(LOWEST_PRIORITY)
    # Where Linux groups processes by their session, that counts in the group only.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(LOWEST_PRIORITY))


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A process to run.

    Attributes:
        name: Stable name, also of the log file.
        title: What the user reads.
        command: Program and arguments.
        log: File for everything that the process prints.
        ready: Polled with the started process until it returns True.
        environment: Variables in addition to our own.
        piped: Whether stdin and stdout are a dialogue with us rather than part of the log.
        greeting: First line that we send in that dialogue; None for none.
        tmp: Directory for its temporary files, which are useless to the next run; None for none.
        afterwards: Runs once in the background when the process is up, and is cancelled when the
            process is stopped; None for nothing.
    """

    name: str
    title: str
    command: tuple[str, ...]
    log: Path
    ready: Callable[[asyncio.subprocess.Process], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=dict)
    piped: bool = False
    greeting: bytes = b""
    tmp: Path | None = None
    afterwards: Callable[[], Coroutine[None, None, None]] | None = None


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux, let the kernel kill the children of a supervisor that was killed."""
    if not sys.platform.startswith("linux"):
        return None
    # Loaded before the fork: no lock may be taken between fork and exec.
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def set_signal() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return set_signal


async def spawn(spec: ProcessSpec) -> asyncio.subprocess.Process:
    """Start a process; its output goes to its log."""
    spec.log.parent.mkdir(parents=True, exist_ok=True)
    with spec.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *spec.command,
            stdin=asyncio.subprocess.PIPE if spec.piped else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if spec.piped else log,
            stderr=log,
            env={**os.environ, **spec.environment},
            preexec_fn=_die_with_parent(),
        )
    if spec.greeting and process.stdin is not None:
        process.stdin.write(spec.greeting + b"\n")
    return process


async def run_aside(
    command: tuple[str, ...], log: Path, environment: Mapping[str, str] | None = None
) -> int:
    """Run a command to its end at the lowest priority; kill it when cancelled.

    Args:
        command: Program and arguments.
        log: File to append its output to.
        environment: Variables in addition to our own.

    Returns:
        Its exit code.

    Raises:
        OSError: It could not be started.
    """
    die_with_parent = _die_with_parent()

    def prepare() -> None:
        os.nice(LOWEST_PRIORITY)
        if die_with_parent:
            die_with_parent()

    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
            preexec_fn=prepare,
        )
    try:
        return await process.wait()
    finally:
        await terminate(process, patience=0)


async def terminate(process: asyncio.subprocess.Process, patience: float) -> None:
    """Terminate a process, and kill it after `patience` seconds."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def last_lines(log: Path, count: int = 3) -> str:
    """Return the end of a log, for a message about a failed process."""
    if not log.is_file():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = file.read().decode(errors="replace").splitlines()
    return " / ".join(line.strip() for line in lines[-count:] if line.strip())
