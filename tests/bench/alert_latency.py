"""How long after the watermark has passed a transaction its alert stands on the screen."""

from __future__ import annotations

import statistics
import time
from datetime import datetime, timedelta
from typing import Final

import msgspec

from pipeline import contract
from pipeline.config import Settings
from pipeline.contract import Transaction
from pipeline.kafka.producer import TopicProducer
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime
from tests.e2e.test_console import Terminal

from .report import show

_ROUNDS: Final = 25
_NIGHT: Final = datetime(2023, 3, 1, 23)
# A round moves the watermark on in every partition, by some users of each.
_USERS: Final = 32
_STEP: Final = timedelta(seconds=40)


def bench_alert_latency(settings: Settings, runtime: Runtime) -> None:
    """Send a large amount at night, and at once what moves the watermark past it, again and again.

    Args:
        settings: Settings of the stack, which runs without a simulator.
        runtime: The stack; the job of the rules is started and stopped here.
    """
    runtime.fresh()
    runtime.start_job("rules")
    some = Generator().next(1.0)
    terminal = Terminal(settings)
    took = []
    try:
        terminal.wait_for("6 Records", 60)
        terminal.process.send("7")
        with TopicProducer(runtime.kafka) as producer:
            for number in range(_ROUNDS):
                at = _NIGHT + number * _STEP
                alert = _changed(some, at, amount=2_000.0, user=10_000 + number)
                later = at + contract.WATERMARK_DELAY + timedelta(seconds=2)
                others = [_changed(some, later, amount=1.0, user=user) for user in range(_USERS)]
                began = time.monotonic()
                for each in (alert, *others):
                    producer.send(encode.key(each), encode.value(each))
                producer.flush(10)
                terminal.wait_for(rf"7 Signals rules {number + 1} of", 60)
                took.append(time.monotonic() - began)
    finally:
        terminal.close()
        runtime.stop_job("rules", discard=True)
    # The first one waits for code that is compiled, and for idle partitions.
    later_ones = took[3:]
    show(
        "from the watermark to the alert on the screen, p50",
        f"{1_000 * statistics.median(later_ones):,.0f} ms",
        f"goal: 300 ms; longest of {len(later_ones)}: {1_000 * max(later_ones):,.0f} ms, with "
        "sending and reading",
    )


def _changed(one: Transaction, at: datetime, *, amount: float, user: int) -> Transaction:
    return msgspec.structs.replace(
        one,
        trans_date_trans_time=at,
        amt=amount,
        user_id=user,
        trans_num=f"{user}-{at:%H%M%S}",
        is_fraud=0,
    )
