"""Cost of the proofs that run on: CPU time and memory, with a short topic and a long one."""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from pipeline import config
from pipeline.errors import PipelineError
from pipeline.stack.running_prover import RunningProver
from pipeline.stack.runtime import Runtime
from tests.e2e.conftest import stack_environment

from .processes import measured
from .report import MIB, show
from .transactions import send_and_wait

_JOBS = ("rolling", "tumbling")
_SHORT = 100_000
_TOPIC_MIB = "4096"
_PAUSE_SECONDS = 2.0


def bench_running(folder: Path, count: int) -> None:
    """Prove all rows of two jobs as they become final, of so many transactions.

    Each topic on a stack of its own: after a pause, transactions would be late.
    """
    for total in (_SHORT, count):
        taken, rows, peak = _measured(folder / f"{total}", total)
        what = f"proof that runs on, {total:,} transactions, {len(_JOBS)} jobs"
        rate = f"{1e6 * taken / rows:.0f} CPU seconds a million rows"
        show(what, rate, f"{peak / MIB:,.0f} MiB; goal: flat, and 500 MiB")


def _measured(state: Path, count: int) -> tuple[float, int, int]:
    """Return the CPU seconds, the number of rows, and the most memory in bytes."""
    environment = stack_environment(state) | {"FRAUDWATCH_RETENTION_MIB": _TOPIC_MIB}
    runtime = Runtime(config.load(environment=environment))
    runtime.bring_up(simulator=False, jobs=False)
    try:
        for name in _JOBS:
            runtime.start_job(name)
        found = state / "found.json"
        command = [sys.executable, "-m", __name__, str(count), str(found)]
        with ThreadPoolExecutor(1) as beside:
            proving = beside.submit(measured, command, environment)
            send_and_wait(runtime, count, len(_JOBS))
            peak = proving.result().peak
    finally:
        runtime.close()
    seconds, rows = json.loads(found.read_text())
    return seconds, rows, peak


def _prove(expected: int, found: Path) -> None:
    """Prove until nothing is left, and write the CPU time that took, and the number of rows."""
    settings = config.load(environment=dict(os.environ))
    runtime = Runtime(settings)
    said: dict[str, str] = {}

    def hear(text: str) -> None:
        name, _, rest = text.partition(": ")
        said[name] = rest

    runtime.proofs.forget(_JOBS)
    began = time.process_time()

    def caught_up() -> bool:
        return all(text.endswith(" 0 behind") for text in said.values())

    def done() -> bool:
        proofs = runtime.proofs.last()
        every = len(proofs) == len(_JOBS) and proofs["rolling"].rows > 0.99 * expected
        return caught_up() and every

    with closing(RunningProver(settings, hear)) as prover:
        while not done():
            # As in the console: what does not answer is asked again.
            with suppress(PipelineError):
                prover.round()
            if caught_up():
                time.sleep(_PAUSE_SECONDS)
    taken = time.process_time() - began
    rows = sum(proof.rows for proof in runtime.proofs.last().values())
    found.write_text(json.dumps([taken, rows]))


if __name__ == "__main__":
    _prove(int(sys.argv[1]), Path(sys.argv[2]))
