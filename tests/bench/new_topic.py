"""How long it takes from a new topic to a live feature, with the commands of the docs."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import msgspec

from pipeline.config import Settings
from pipeline.stack.runtime import Runtime
from tests.e2e.conftest import stack_environment
from tests.new_topic import FILE, Reader

from .report import medians, show


def bench_new_topic(settings: Settings, folder: Path, rounds: int) -> None:
    """Follow the page on a running stack, from `inspect` to the first row of the feature."""
    folder.mkdir()
    program = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    variables = {**os.environ, **stack_environment(settings.state_dir), **program}
    runtime = Runtime(settings)
    runtime.bring_up(simulator=False, jobs=False)
    try:
        reader = Reader(folder, variables)
        reader.send()
        taken = medians([_measured(reader, settings, folder) for _ in range(rounds)])
    finally:
        runtime.close()
    show(f"a new topic becomes a live feature, median of {rounds}", f"{sum(taken.values()):.1f} s")
    for line, seconds in taken.items():
        show(f"  {line.partition(' --')[0]}", f"{seconds:.1f} s")


def _measured(reader: Reader, settings: Settings, folder: Path) -> dict[str, float]:
    """Seconds of each command up to the first row, of a job that has never run before."""
    steps = reader.steps()
    if failed := [step.line for step in steps if step.done.returncode]:
        raise RuntimeError(f"{failed[0]} failed")
    with closing(Runtime(msgspec.structs.replace(settings, features=(folder / FILE,)))) as made:
        made.fresh()
    return {step.line: step.seconds for step in steps if " stop " not in step.line}
