"""`make bench`: how fast the console paints, the stack comes up, and the features compute.

Figures of one run on one machine, with a ratio to something measured in the same run where the
machine's own speed would otherwise decide. Not a test: nothing fails when a figure is bad.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import psutil

from pipeline import config, schema
from pipeline.config import Settings
from pipeline.kafka import topics
from pipeline.kafka.consumer import read_to_end
from pipeline.kafka.producer import TransactionProducer
from pipeline.runtime import Runtime
from pipeline.simulate import encode
from pipeline.simulate.generator import Generator
from tests.e2e.conftest import stack_environment, stack_processes
from tests.e2e.test_console import Terminal

from .console import bench_console_load

MIB = 1024 * 1024
FLAGGED_TOPIC = "flagged_transactions"
JOBS = ("rolling", "tumbling", "flagged")
CAUGHT_UP = "flagged   lag 0"
ROW = r"-?\d{15,19}\s+[\d,]+\.\d\d\s+\d+\s"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--transactions", type=int, default=400_000)
    parser.add_argument("--console-only", action="store_true", help="only what the console costs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fraudwatch-bench-") as folder:
        settings = config.load(environment=stack_environment(Path(folder)))
        if not options.console_only:
            bench_console(settings)
        bench_console_load(settings, show)
        if not options.console_only:
            bench_features(settings, options.transactions)


def show(what: str, figure: str, note: str = "") -> None:
    """One line of the report."""
    print(f"{what:<52}{figure:>16}  {note}".rstrip(), flush=True)


def seconds_until(condition: Callable[[], object], patience: float = 120.0) -> float:
    """How long until a condition holds."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience:
            raise TimeoutError(f"not within {patience:.0f} s")
        time.sleep(0.01)
    return time.monotonic() - began


def bench_console(settings: Settings) -> None:
    """First paint, first feature row from nothing, and what it all holds in memory."""
    terminal = Terminal(settings)
    began = time.monotonic()
    paints = [seconds_until(lambda: "fraudwatch" in terminal.text)]
    seconds_until(lambda: re.search(ROW, terminal.text))
    first_row = time.monotonic() - began
    seconds_until(lambda: "5 of 5 running" in terminal.text)
    processes = [psutil.Process(terminal.process.pid), *stack_processes(settings)]
    resident = sum(process.memory_info().rss for process in processes)
    for _ in range(4):
        other = Terminal(settings)
        paints.append(seconds_until(lambda other=other: "fraudwatch" in other.text))
        other.process.close(force=True)
    terminal.process.send("q")
    seconds_until(lambda: terminal.text is None or not terminal.process.isalive())
    show("first paint, median of 5", f"{statistics.median(paints):.2f} s", "goal: 0.7 s")
    show("first feature row on screen, from nothing", f"{first_row:.1f} s", "goal: 20 s")
    show(f"resident, {len(processes)} processes", f"{resident / MIB:,.0f} MiB", "goal: 2,048 MiB")


def bench_features(settings: Settings, count: int) -> None:
    """How many transactions a second the three features take together, at full speed."""
    runtime = Runtime(settings)
    runtime.bring_up(simulator=False, jobs=False)
    try:
        runtime.fresh()
        for name in JOBS:
            runtime.start_job(name)
        generator = Generator()
        rows = [generator.next(7.2) for _ in range(count)]
        records = [(encode.key(row), encode.value(row)) for row in rows]
        began = time.monotonic()
        with TransactionProducer(runtime.kafka) as producer:
            for key, value in records:
                producer.send(key, value)
        sent = time.monotonic() - began
        fraud = sum(row.is_fraud for row in rows)
        seconds_until(lambda: _computed(runtime, rows[-1].trans_date_trans_time, fraud), 600)
        computed = time.monotonic() - began
        began = time.monotonic()
        read = sum(map(len, read_to_end(runtime.kafka, schema.TRANSACTION_TOPIC)))
        consumed = time.monotonic() - began
        rate = count / computed
        show("sent to the topic", f"{count / sent:,.0f}/s")
        show("read by one bare consumer", f"{read / consumed:,.0f}/s")
        show(
            "rolling + tumbling + flagged together, in step",
            f"{rate:,.0f}/s",
            f"goal: 15,000/s; {rate * consumed / read:.0%} of the bare consumer",
        )
        resident = sum(p.memory_info().rss for p in stack_processes(settings))
        show("resident after that, without a console", f"{resident / MIB:,.0f} MiB")
        bench_attach(settings, runtime)
    finally:
        runtime.close()


def bench_attach(settings: Settings, runtime: Runtime) -> None:
    """How long a console takes to show the latest of what is there already: rows, and no lag."""
    held = sum(topic.records for topic in topics.list_topics(runtime.kafka))
    terminal = Terminal(settings)
    taken = seconds_until(lambda: re.search(ROW, terminal.text) and CAUGHT_UP in terminal.text)
    terminal.process.close(force=True)
    what = "a console on that, until the latest is shown"
    show(what, f"{taken:.1f} s", f"goal: 2 s; {held:,} records are there")


def _computed(runtime: Runtime, newest: datetime, fraud: int) -> bool:
    """Whether all that can be final is out: watermarks at the end, every flagged row sent."""
    flagged = next(t for t in topics.list_topics(runtime.kafka) if t.name == FLAGGED_TOPIC)
    if flagged.records < fraud:
        return False
    # Partitions end a little apart, and the watermark is that of the one that ends first.
    wanted = newest - schema.WATERMARK_DELAY - timedelta(minutes=5)
    marks = [runtime.watermark(name) for name in ("rolling", "tumbling")]
    return all(mark is not None and mark >= wanted for mark in marks)


if __name__ == "__main__":
    main()
