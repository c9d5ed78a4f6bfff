"""The simulator in this process, with nobody to command it: for a container, or beside a stack."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable

from pipeline.config import KafkaSettings
from pipeline.model import SimulatorStatus

from .process import simulate


def run_here(
    kafka: KafkaSettings, say: Callable[[SimulatorStatus], None], *, rate: float, speed: float
) -> None:
    """Send transactions until SIGTERM or ctrl+c, which this process answers to from now on.

    Args:
        kafka: Where to.
        say: Told the status every second.
        rate: Transactions per second.
        speed: Event time per real time.

    Raises:
        PipelineError: Kafka has not taken all.
    """
    commands: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    ended = threading.Event()

    def end(*_: object) -> None:
        ended.set()
        commands.put(b"")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    simulate(kafka, commands, ended, say, rate=rate, speed=speed)
