"""Cost of `fraudwatch verify` for five features: time and memory."""

from __future__ import annotations

from pipeline.config import Settings
from pipeline.stack.runtime import Runtime

from .processes import fraudwatch
from .report import MIB, show
from .transactions import send_and_wait


def bench_verify(settings: Settings, count: int) -> None:
    """Compute all features of a stack from this many transactions, then verify them."""
    runtime = Runtime(settings)
    runtime.bring_up(simulator=False, jobs=False)
    try:
        runtime.fresh()
        names = [job.name for job in runtime.status().jobs]
        for name in names:
            runtime.start_job(name)
        send_and_wait(runtime, count, len(names))
        seconds, peak, code = fraudwatch(settings, "verify")
    finally:
        runtime.close()
    what = f"verify of {count:,} transactions, {len(names)} features"
    show(what, f"{seconds:.0f} s", f"goal: 60 s for 300,000; exit code {code}")
    show("  most memory meanwhile", f"{peak / MIB:,.0f} MiB", "goal: 500 MiB")
