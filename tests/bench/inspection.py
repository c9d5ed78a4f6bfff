"""Cost of `fraudwatch inspect` of a topic."""

from __future__ import annotations

from pipeline import contract
from pipeline.config import Settings
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime

from .processes import fraudwatch
from .report import MIB, medians, show
from .transactions import records, send


def bench_inspect(settings: Settings, count: int, rounds: int) -> None:
    """Inspect a topic with this many records, and see what a command takes that does nothing."""
    runtime = Runtime(settings)
    runtime.bring_up(simulator=False, jobs=False)
    try:
        runtime.fresh()
        generator = Generator()
        send(runtime.kafka, records(generator.next(7.2) for _ in range(count)))
        taken = medians([_measured(settings) for _ in range(rounds)])
    finally:
        runtime.close()
    beyond = taken["inspect"] - taken["nothing"]
    show(
        f"inspect of {count:,} records, median of {rounds}",
        f"{taken['inspect']:.1f} s",
        f"goal: 3 s for 100,000; {beyond:.1f} s beyond --version",
    )
    show("  most memory meanwhile", f"{taken['peak'] / MIB:,.0f} MiB")


def _measured(settings: Settings) -> dict[str, float]:
    """Seconds of both commands, and the largest resident set in bytes."""
    inspected = fraudwatch(settings, "inspect", contract.TRANSACTION_TOPIC)
    if inspected.code:
        raise RuntimeError(f"inspect ended with {inspected.code}")
    nothing = fraudwatch(settings, "--version")
    return {
        "inspect": inspected.seconds,
        "peak": inspected.peak,
        "nothing": nothing.seconds,
    }
