"""Transactions of the simulator for a stack, as many as a part wants."""

from __future__ import annotations

from pipeline.errors import UnansweredError
from pipeline.kafka.producer import TransactionProducer
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime

from .report import seconds_until

_PATIENCE = 3_600


def send_and_wait(runtime: Runtime, count: int, jobs: int) -> None:
    """Send so many transactions, and wait until so many jobs have read them."""
    generator = Generator()
    with TransactionProducer(runtime.kafka) as producer:
        for _ in range(count):
            row = generator.next(7.2)
            producer.send(encode.key(row), encode.value(row))
    seconds_until(lambda: _all_read(runtime, jobs), _PATIENCE)


def _all_read(runtime: Runtime, jobs: int) -> bool:
    """Whether this many jobs report no lag; one without metrics reports nothing."""
    try:
        metrics = runtime.metrics().values()
    except UnansweredError:
        # It is busy reading.
        return False
    return len(metrics) == jobs and all(each.pending == 0 for each in metrics)
