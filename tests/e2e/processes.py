"""Processes that a test starts itself, without a supervisor."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from pipeline.stack.local.child_process import ProcessSpec

from .conftest import wait_until

_LOG_CHARACTERS = 3_000


class Started(subprocess.Popen[bytes]):
    """A process of a test.

    Attributes:
        spec: What was started.
    """

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        with spec.log.open("ab") as log:
            super().__init__(spec.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def assert_alive(self) -> None:
        """It has not ended; if it has, its log says why."""
        tail = self.spec.log.read_text(errors="replace")[-_LOG_CHARACTERS:]
        assert self.poll() is None, f"{self.spec.title} has ended ({self.returncode}): {tail}"


@contextmanager
def started(specs: Iterable[ProcessSpec]) -> Iterator[tuple[Started, ...]]:
    """Start processes at once, and kill them at the end."""
    processes = tuple(map(Started, specs))
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def wait_while_alive(
    processes: Iterable[Started], condition: Callable[[], object], patience: float, what: str
) -> None:
    """Wait for a condition, at most `patience` seconds of an idle machine, while these live."""
    processes = tuple(processes)

    def reached() -> object:
        for process in processes:
            process.assert_alive()
        return condition()

    wait_until(reached, patience, what)
