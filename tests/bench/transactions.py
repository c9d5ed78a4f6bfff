"""Transactions of the simulator for a stack, as many as a part wants."""

from __future__ import annotations

from pipeline.errors import UnansweredError
from pipeline.kafka.producer import TransactionProducer
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime

from .report import seconds_until

_PATIENCE = 3_600
_LOOK_SECONDS = 0.5
_AHEAD = 100_000
"""Records that jobs have yet to read at most: in a longer backlog, they read one partition far
ahead of another, and keep in memory what the watermark has not passed."""


def send_and_wait(runtime: Runtime, count: int, jobs: int) -> None:
    """Send so many transactions, and wait until so many jobs have read them."""
    generator = Generator()
    with TransactionProducer(runtime.kafka) as producer:
        for number in range(count):
            if number and number % _AHEAD == 0:
                _wait(runtime, jobs, _AHEAD)
            row = generator.next(7.2)
            producer.send(encode.key(row), encode.value(row))
    _wait(runtime, jobs, 0)


def _wait(runtime: Runtime, jobs: int, behind: int) -> None:
    seconds_until(lambda: _have_read(runtime, jobs, behind), _PATIENCE, every=_LOOK_SECONDS)


def _have_read(runtime: Runtime, jobs: int, behind: int) -> bool:
    """Whether this many jobs report at most this lag; one without metrics reports nothing."""
    try:
        metrics = runtime.metrics().values()
    except UnansweredError:
        # It is busy reading.
        return False
    pending = [each.pending for each in metrics if each.pending is not None]
    return len(pending) == jobs and max(pending) <= behind
