"""Processes that a test starts itself, without a supervisor."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pipeline.stack.local.child_process import ProcessSpec


@contextmanager
def started(specs: Iterable[ProcessSpec]) -> Iterator[tuple[subprocess.Popen[bytes], ...]]:
    """Start processes at once, and kill them at the end."""
    specs = tuple(specs)
    for spec in specs:
        spec.log.parent.mkdir(parents=True, exist_ok=True)
    processes = tuple(_popen(spec) for spec in specs)
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def _popen(spec: ProcessSpec) -> subprocess.Popen[bytes]:
    with spec.log.open("ab") as log:
        return subprocess.Popen(spec.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
