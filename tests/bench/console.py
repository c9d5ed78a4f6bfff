"""Cost of the console: a key under full load, an idle dashboard, 100,000 users in memory."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import psutil

from pipeline.config import KafkaSettings, Settings, kafka_from_json, kafka_to_json
from pipeline.contract import RollingRow
from pipeline.kafka.producer import TopicProducer
from pipeline.model.simulator import SimulatorCommand
from pipeline.stack.runtime import Runtime
from tests.e2e.test_console import Terminal
from tui.streams.sink_topics import ROLLING

from .report import MIB, show

LOAD = 20_000
USERS = 100_000
PRESSES = 200
IDLE_SECONDS = 20.0
STRIDE = 0x9E37_79B9_7F4A_7C15


def bench_console_load(settings: Settings) -> None:
    """The console attached to a running stack: idle, under load, and its size after that."""
    runtime = Runtime(settings)
    runtime.bring_up()
    terminal = Terminal(settings)
    try:
        terminal.wait_for(r"of \d+ running", 60)
        terminal.process.send("2")
        process = psutil.Process(terminal.process.pid)
        show(
            "dashboard at 100 transactions/s",
            f"{_share(process, terminal):.0%} of a core",
            "goal: 10 %",
        )
        runtime.simulate(SimulatorCommand(running=False))
        for job in runtime.status().jobs:
            if job.job_id:
                runtime.stop_job(job.name, discard=True)
        with _rows_arrive(runtime.kafka) as sent:
            terminal.wait_for(r"Users top 500 of", 60)
            latencies = sorted(_latencies(terminal))
            rate = sent()
            load = _share(process, terminal)
        p99 = latencies[int(len(latencies) * 0.99) - 1]
        show(
            f"key to repaint, {rate:,.0f} rows/s arriving, median",
            f"{statistics.median(latencies) * 1000:.0f} ms",
        )
        show("  99th percentile", f"{p99 * 1000:.0f} ms", "goal: 50 ms")
        show("  the console meanwhile", f"{load:.0%} of a core")
        resident = process.memory_info().rss
        show(f"console with {USERS:,} users", f"{resident / MIB:,.0f} MiB", "goal: 250 MiB")
    finally:
        terminal.process.send("q")
        terminal.process.close(force=True)
        runtime.close()


def _share(process: psutil.Process, terminal: Terminal) -> float:
    """Share of a core's time while the screen is read."""
    began, before = time.monotonic(), process.cpu_times()
    while time.monotonic() - began < IDLE_SECONDS:
        assert terminal.text
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return used / (time.monotonic() - began)


def _latencies(terminal: Terminal) -> Iterator[float]:
    """Times from `p` to the word that says that the tables are frozen."""
    terminal.process.delaybeforesend = None
    for _ in range(PRESSES):
        terminal.drain(0.3)
        began = time.monotonic()
        terminal.process.send("p")
        terminal.read_until(b"frozen", 5.0)
        yield time.monotonic() - began
        terminal.process.send("p")


@contextmanager
def _rows_arrive(kafka: KafkaSettings) -> Iterator[Callable[[], float]]:
    """Write rolling rows of many users at a steady rate; yields the rate that was reached."""
    context = multiprocessing.get_context("spawn")
    sent, ending = context.Value("q", 0), context.Event()
    # A process of its own: a thread would delay the reader of the terminal.
    process = context.Process(target=_send_rows, args=(kafka_to_json(kafka), sent, ending))
    process.start()
    began = time.monotonic()
    yield lambda: sent.value / (time.monotonic() - began)
    ending.set()
    process.join()


def _send_rows(kafka: bytes, sent: Any, ending: Any) -> None:
    start, began = datetime(2023, 3, 1), time.monotonic()
    with TopicProducer(kafka_from_json(kafka), ROLLING.topic) as producer:
        for number in count():
            user = number % USERS * STRIDE % 2**64 - 2**63
            row = RollingRow(
                user_id=user,
                user_mean_trans_amt_last_360min=number % 997 + 0.25,
                user_trans_count_last_360min=1 + number % 9,
                trans_date_trans_time=start + timedelta(milliseconds=100 * number),
            )
            producer.send(str(user).encode(), msgspec.json.encode(row))
            if number % 500 == 0:
                sent.value = number
                ahead = number / LOAD - (time.monotonic() - began)
                if ending.wait(max(0.0, ahead)):
                    break
