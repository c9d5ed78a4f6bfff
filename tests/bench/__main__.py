"""`make bench`: how fast the console paints, the stack starts, and the features are computed.

The figures are of one run on one machine, with a ratio to a baseline of the same run where the
machine's speed would otherwise decide. This is no test: nothing fails when a figure is bad.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from pipeline import config, contract
from pipeline.config import Settings
from pipeline.kafka import topics
from pipeline.kafka.read_to_end import read_to_end
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime
from tests.e2e.conftest import stack_environment, stack_processes
from tests.e2e.test_console import Terminal

from . import files, formats
from .console import bench_console_load
from .inspection import bench_inspect
from .new_topic import bench_new_topic
from .paint import bench_paint
from .report import MIB, resident, seconds_until, show
from .restarts import bench_restarts
from .running import bench_running
from .signals import bench_signals
from .start import ROW, bench_start
from .transactions import number_of_records, records, send
from .verification import bench_verify

JOBS = ("rolling", "tumbling", "flagged")
CAUGHT_UP = "flagged   0 unread"
PARTS = (
    *("paint", "start", "console", "features", "formats", "files", "inspect"),
    *("topic", "verify", "running", "signals", "restarts"),
)
SENT = 400_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part alone")
    parser.add_argument("--rounds", type=int, default=3, help="of parts that repeat")
    parser.add_argument("--transactions", type=int, help="instead of each part's own number")
    options = parser.parse_args()
    sent = options.transactions or SENT
    wanted = options.only or PARTS
    with tempfile.TemporaryDirectory(prefix="fraudwatch-bench-") as name:
        folder = Path(name)
        settings = config.load(environment=stack_environment(folder / "stack"))
        if "paint" in wanted:
            bench_paint(settings, rounds=3 * options.rounds)
        if "start" in wanted:
            bench_start(folder, options.rounds)
        if "console" in wanted:
            bench_console_load(settings)
        if "features" in wanted:
            bench_features(settings, sent)
        if "formats" in wanted:
            formats.bench_formats(settings, options.transactions or formats.RECORDS, options.rounds)
        if "files" in wanted:
            files.bench_files(settings, folder, options.transactions or files.ROWS, options.rounds)
        if "inspect" in wanted:
            bench_inspect(settings, min(100_000, sent), options.rounds)
        if "topic" in wanted:
            bench_new_topic(settings, folder / "topic", options.rounds)
        if "verify" in wanted:
            bench_verify(settings, min(300_000, sent))
        if "running" in wanted:
            bench_running(folder / "running", max(1_000_000, sent))
        if "signals" in wanted:
            bench_signals(settings, folder, min(200_000, sent))
        if "restarts" in wanted:
            bench_restarts(settings)


def bench_features(settings: Settings, count: int) -> None:
    """Transactions per second that the three features process together, at full speed."""
    runtime = Runtime(settings)
    runtime.bring_up(simulator=False, jobs=False)
    try:
        runtime.fresh()
        for name in JOBS:
            runtime.start_job(name)
        generator = Generator()
        rows = [generator.next(7.2) for _ in range(count)]
        encoded = records(rows)
        began = time.monotonic()
        send(runtime.kafka, encoded)
        sent = time.monotonic() - began
        fraud = sum(row.is_fraud for row in rows)
        seconds_until(lambda: _computed(runtime, rows[-1].trans_date_trans_time, fraud), 600)
        computed = time.monotonic() - began
        began = time.monotonic()
        read = sum(map(len, read_to_end(runtime.kafka, contract.TRANSACTION_TOPIC)))
        consumed = time.monotonic() - began
        rate = count / computed
        show("sent to the topic", f"{count / sent:,.0f}/s")
        show("read by one bare consumer", f"{read / consumed:,.0f}/s")
        show(
            "rolling + tumbling + flagged together, in step",
            f"{rate:,.0f}/s",
            f"goal: 24,000/s; {rate * consumed / read:.0%} of the bare consumer",
        )
        held = resident(stack_processes(settings))
        show("resident after that, without a console", f"{held / MIB:,.0f} MiB")
        bench_attach(settings, runtime)
    finally:
        runtime.close()


def bench_attach(settings: Settings, runtime: Runtime) -> None:
    """Time until a console shows the latest of an existing topic: rows, and no lag."""
    held = sum(topic.offsets or 0 for topic in topics.list_topics(runtime.kafka))
    terminal = Terminal(settings)
    taken = seconds_until(lambda: re.search(ROW, terminal.text) and CAUGHT_UP in terminal.text)
    terminal.process.close(force=True)
    what = "a console on that, until the latest is shown"
    show(what, f"{taken:.1f} s", f"goal: 2 s; {held:,} records are there")


def _computed(runtime: Runtime, newest: datetime, fraud: int) -> bool:
    """Whether all final results are written: watermarks at the end, every flagged row sent."""
    if number_of_records(runtime.kafka, contract.FLAGGED_TOPIC) < fraud:
        return False
    # Partitions end at different times, and the watermark is that of the earliest end.
    wanted = newest - contract.WATERMARK_DELAY - timedelta(minutes=5)
    marks = [runtime.watermark(name) for name in ("rolling", "tumbling")]
    return all(mark is not None and mark >= wanted for mark in marks)


if __name__ == "__main__":
    main()
