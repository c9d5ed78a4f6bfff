"""A user of one's own stream without Kafka: what its source declares, and a history."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from textual.pilot import Pilot

from fraudwatch import source
from pipeline.model.sinks import SinkColumn
from pipeline.sources import Source
from tui.messages import OpenOwnUser
from tui.screens.user.own_user_screen import OwnUserScreen
from tui.streams.own_history import OwnHistoryBatch, OwnRecord
from tui.streams.sink_topics import Values
from tui.streams.source import Batch

from .fake_source import FakeSource
from .fakes import SINKS, FakeBackend, sink
from .stage import Stage

NOON = datetime(2024, 3, 1, 12)
HOUR = timedelta(hours=1)
PAYMENTS = source(
    topic="payments.v2",
    schema={
        "account": "string",
        "at": "timestamp(3)",
        "paid": "decimal(12, 2)",
        "iban": "string",
        "bad": "boolean",
    },
    time="at",
    user="account",
    amount="paid",
    label="bad",
    sensitive=("iban",),
)
VISITS = source(
    topic="visits",
    schema={"at": "timestamp(3)", "who": "int64", "page": "string"},
    time="at",
    user="who",
)


def of_payments(name: str, *columns: SinkColumn) -> Any:
    return replace(
        sink(name, f"own_{name}", SinkColumn("account", "string", computed=False), *columns),
        source="payments.v2",
        time="at",
        user="account",
    )


SPEND = of_payments(
    "spend",
    SinkColumn("at", "timestamp(3)", computed=False),
    SinkColumn("spent", "decimal(20, 2)", computed=True),
    SinkColumn("n", "int64", computed=True),
)
HOURS = of_payments(
    "hours",
    SinkColumn("window_end", "timestamp(3)", computed=False),
    SinkColumn("total", "decimal(20, 2)", computed=True),
)
BAD = of_payments("bad_ones", SinkColumn("at", "timestamp(3)", computed=False))
FEATURES = (SPEND, HOURS, BAD)


def columns_of(stream: Source) -> tuple[SinkColumn, ...]:
    return tuple(
        SinkColumn(name, dtype, computed=False, hidden=name in stream.sensitive)
        for name, dtype in stream.schema
    )


def paid(number: int, amount: str | None, *, bad: bool = False) -> OwnRecord:
    at = NOON + timedelta(minutes=number)
    exact = None if amount is None else Decimal(amount)
    return OwnRecord(0, number, ("DE07", at, exact, "DE89 3704", bad), flagged=bad)


RECORDS = (paid(0, "10.00"), paid(1, "900.25", bad=True), paid(2, None))
RESULTS: dict[str, list[Values]] = {
    "spend": [
        ("DE07", NOON + HOUR, Decimal("910.25"), 2),
        ("DE07", NOON, Decimal("10.00"), 1),
    ],
    "hours": [("DE07", NOON + HOUR, Decimal("910.25"))],
    "bad_ones": [("DE07", NOON), ("DE07", NOON + HOUR)],
}
BATCH = OwnHistoryBatch(
    columns=columns_of(PAYMENTS), records=RECORDS, results=RESULTS, read=70, lag=0
)


def stage(*batches: OwnHistoryBatch | Exception) -> Stage:
    features = (*SINKS, *FEATURES)
    rows = [("DE07", NOON, Decimal(5), 1), ("FR01", NOON - HOUR, Decimal(6), 1)]
    shown = Stage(
        FakeBackend(features=features, own=(PAYMENTS, VISITS)),
        FakeSource(Batch(sinks={"spend": rows})),
    )
    shown.own_history = list(batches)
    return shown


async def opened(shown: Stage, pilot: Pilot[Any], user: str = "DE07") -> OwnUserScreen:
    await shown.live(pilot)
    await pilot.press("2", "w")
    await shown.shows(pilot, "Users spend 2")
    topic = "visits" if user.isdecimal() else "payments.v2"
    shown.app.post_message(OpenOwnUser(topic, user))
    await shown.wait(pilot, lambda: isinstance(shown.app.screen, OwnUserScreen))
    screen = shown.app.screen
    assert isinstance(screen, OwnUserScreen)
    await shown.wait(pilot, lambda: screen.history.caught_up or bool(screen.history.error))
    shown.draw()
    await pilot.pause()
    return screen


def a_day() -> OwnHistoryBatch:
    """A day of a user: a payment every half an hour, three of them bad."""
    records = [
        paid(30 * number, f"{12 + number * 7919 % 211}.{number:02}", bad=number in (7, 8, 31))
        for number in range(48)
    ]
    return replace(BATCH, records=records)
