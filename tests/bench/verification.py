"""Cost of `fraudwatch verify` for five features: time and memory."""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.config import Settings
from pipeline.kafka.producer import TransactionProducer
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime
from tests.e2e.conftest import stack_environment

from .processes import measured
from .report import MIB, seconds_until, show


def bench_verify(settings: Settings, count: int) -> None:
    """Compute all features of a stack from this many transactions, then verify them."""
    runtime = Runtime(settings)
    runtime.bring_up(simulator=False, jobs=False)
    try:
        runtime.fresh()
        names = [job.name for job in runtime.status().jobs]
        for name in names:
            runtime.start_job(name)
        generator = Generator()
        with TransactionProducer(runtime.kafka) as producer:
            for _ in range(count):
                row = generator.next(7.2)
                producer.send(encode.key(row), encode.value(row))
        seconds_until(lambda: _all_read(runtime, len(names)), 600)
        command = [str(Path(sys.executable).parent / "fraudwatch"), "verify"]
        seconds, peak, code = measured(command, stack_environment(settings.state_dir))
    finally:
        runtime.close()
    what = f"verify of {count:,} transactions, {len(names)} features"
    show(what, f"{seconds:.0f} s", f"goal: 60 s for 300,000; exit code {code}")
    show("  most memory meanwhile", f"{peak / MIB:,.0f} MiB", "goal: 500 MiB")


def _all_read(runtime: Runtime, jobs: int) -> bool:
    """Whether this many jobs report no lag; one without metrics reports nothing."""
    metrics = runtime.metrics().values()
    return len(metrics) == jobs and all(each.pending == 0 for each in metrics)
