"""Runs the simulator in this process, as it was begun: for a container, or beside a stack."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable

import msgspec

from pipeline.config import KafkaSettings
from pipeline.model.simulator import SimulatorCommand, SimulatorStatus

from .process import simulate


def run_here(
    kafka: KafkaSettings,
    report: Callable[[SimulatorStatus], None],
    *,
    rate: float,
    speed: float,
    initial: SimulatorCommand,
) -> None:
    """Send transactions until SIGTERM or ctrl+c; replaces the handlers of both signals.

    Args:
        kafka: The cluster and its credentials.
        report: Called with the status every second.
        rate: Transactions per second.
        speed: Seconds of event time per second of real time.
        initial: Executed before the first transaction.

    Raises:
        PipelineError: Not every transaction and label was delivered.
    """
    commands: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    commands.put(msgspec.json.encode(initial))
    stop = threading.Event()

    def end(*_: object) -> None:
        stop.set()
        commands.put(b"")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    simulate(kafka, commands, stop, report, rate=rate, speed=speed)
