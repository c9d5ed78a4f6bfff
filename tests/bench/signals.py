"""What signals cost: training, a backtest of a large file, and their jobs beside the features'."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb

from pipeline import contract
from pipeline.config import Settings
from pipeline.contract import Transaction
from pipeline.simulator.generator import Generator
from pipeline.stack.installed_model import installed
from pipeline.stack.runtime import Runtime

from .alert_latency import bench_alert_latency
from .processes import fraudwatch
from .report import MIB, seconds_until, show
from .transactions import load, records, send

FEATURES: Final = ("rolling", "tumbling", "flagged")
BACKTEST_ROWS: Final = 1_300_000
DISTINCT: Final = 20_000
STEP: Final = 45.0
"""Seconds of event time from one transaction to the next: ten days of them."""


def bench_signals(settings: Settings, folder: Path, count: int) -> None:
    """Train on generated transactions, judge, and run rules and model on Flink."""
    generator = Generator()
    rows = [generator.next(STEP) for _ in range(DISTINCT)]
    small, large = folder / "small.parquet", folder / "large.parquet"
    write(rows, small, large)
    model = folder / "fraud.model"
    took = fraudwatch(settings, "train", str(small), "--out", str(model))
    show(f"train on {DISTINCT:,} transactions, 11 fits", f"{took.seconds:.0f} s")
    for what, options in (("rules", ["--signal", "rules"]), ("a model", ["--model", str(model)])):
        took = fraudwatch(settings, "backtest", str(large), *options)
        show(
            f"backtest of {BACKTEST_ROWS:,} rows, {what}",
            f"{took.seconds:.0f} s",
            f"goal: 60 s; most memory {took.peak / MIB:,.0f} MiB, goal: 1,536",
        )
    runtime = Runtime(settings)
    runtime.bring_up(simulator=False, jobs=False)
    try:
        peer = rate_of(runtime, FEATURES, count)
        show("rolling + tumbling + flagged together", f"{peer:,.0f}/s")
        for name in ("rules", "model"):
            began = time.monotonic()
            with installed(model if name == "model" else None, settings, [name]):
                # Signals are known from when they are installed.
                attached = Runtime(settings)
                attached.start_job(name)
            started = time.monotonic() - began
            rate = rate_of(attached, (name,), count)
            attached.stop_job(name, discard=True)
            show(
                f"{name}, with its inputs",
                f"{rate:,.0f}/s",
                f"goal: half of the features; {rate / peer:.0%}; planned and started in "
                f"{started:.1f} s, goal: 12 s",
            )
        bench_alert_latency(settings, runtime)
    finally:
        runtime.close()


def write(rows: Sequence[Transaction], small: Path, large: Path) -> None:
    """Write the rows, and a large file of the same rows of many other customers."""
    with duckdb.connect() as connection:
        load(connection, rows, small.with_suffix(".jsonl"))
        connection.execute(f"COPY transactions TO '{small}' (FORMAT PARQUET)")
        copies = BACKTEST_ROWS // len(rows)
        connection.execute(
            f"COPY (SELECT * EXCLUDE (copy) REPLACE (user_id + 1000003 * copy AS user_id) "
            f"FROM transactions, range({copies}) AS copies(copy)) TO '{large}' (FORMAT PARQUET)"
        )


def rate_of(runtime: Runtime, jobs: Sequence[str], count: int) -> float:
    """Transactions per second that these jobs process together, from topics that were empty."""
    for status in runtime.status().jobs:
        if status.job_id:
            runtime.stop_job(status.name, discard=True)
    runtime.fresh()
    for name in jobs:
        runtime.start_job(name)
    generator = Generator()
    rows = [generator.next(STEP) for _ in range(count)]
    encoded = records(rows)
    began = time.monotonic()
    send(runtime.kafka, encoded)
    seconds_until(_computed(runtime, jobs, rows[-1].trans_date_trans_time))
    return count / (time.monotonic() - began)


def _computed(runtime: Runtime, jobs: Sequence[str], newest: datetime) -> Callable[[], bool]:
    # Partitions end at different times, and the watermark is that of the earliest end.
    wanted = newest - contract.WATERMARK_DELAY - timedelta(hours=1)

    def computed() -> bool:
        # Flink reports no watermark of a job that only picks records.
        marks = [mark for name in jobs if (mark := runtime.watermark(name)) is not None]
        return bool(marks) and min(marks) >= wanted

    return computed
