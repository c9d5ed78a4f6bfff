"""Features of two streams on the real broker and the real cluster."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from random import Random
from typing import Any, Final

import pytest

from pipeline.config import Settings
from pipeline.findings import Kind
from pipeline.kafka.extent import extent
from pipeline.kafka.read_to_end import read_to_end
from pipeline.proof import Outcome
from pipeline.stack.runtime import Runtime
from tests import streams
from tests.streams.joined_sources import sessions, transfers

from .conftest import command, own_features, wait_until
from .own_streams import Keyed, send, with_features

OWN: Final = streams.FOLDER / "joined_sources.py"
START: Final = datetime(2024, 3, 1, 9)
BAD_SESSIONS: Final[list[Keyed]] = [(b"a0", b"{"), (b"a0", b'{"at": 1, "device": "no account"}')]
MINUTE: Final = timedelta(minutes=1)
ACCOUNTS: Final = [f"a{number}" for number in range(12)]
"""There are records of them in every partition."""


def transfer(at: datetime, account: str) -> dict[str, Any]:
    return {"at": at, "account": account, "number": 0, "amount": "12.50", "bank": 1}


def session(at: datetime, account: str, device: str = "phone") -> dict[str, Any]:
    return {"at": at, "account": account, "bank": 1, "device": device, "risk": 0.5}


def in_json(row: dict[str, Any]) -> Keyed:
    """A record of either stream, in the partition of its account."""
    at = row["at"].replace(tzinfo=UTC)
    written = round(at.timestamp() * 1000) if "device" in row else at.isoformat()
    return row["account"].encode(), json.dumps(row | {"at": written}).encode()


def made_up(count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Transfers and sessions of some hours, out of order, with twins, and banks not known."""
    random = Random(12)

    def common(number: int) -> dict[str, Any]:
        # Milliseconds, and times that both have.
        at = START + timedelta(seconds=12 * (number - random.randrange(2)))
        at += timedelta(milliseconds=random.choice((0, 0, 1, 999)))
        return {"at": at, "account": random.choice(ACCOUNTS), "bank": random.choice((1, 2, None))}

    def amount() -> str:
        return f"{random.randrange(20_000) / 100:.2f}"

    def risk() -> float:
        return random.choice((0.1, 0.7, 1.0))

    paid = [common(n) | {"number": n, "amount": amount()} for n in range(count)]
    begun = [common(n) | {"device": f"d{n % 7}", "risk": risk()} for n in range(count)]
    return [*paid, paid[7]], [*begun, begun[3]]


PAID, BEGUN = made_up(700)


@pytest.fixture(scope="module")
def own(running_stack: Runtime, stack_settings: Settings) -> Iterator[Runtime]:
    """The stack of this run with both streams, their records, and a job for each feature."""
    with with_features(running_stack, stack_settings, OWN) as runtime:
        send(runtime, transfers.topic, map(in_json, sorted(PAID, key=lambda row: row["number"])))
        send(runtime, sessions.topic, [*map(in_json, BEGUN[:9]), *BAD_SESSIONS])
        send(runtime, sessions.topic, map(in_json, BEGUN[9:]))
        for source in (transfers, sessions):
            partitions = extent(runtime.kafka, source.topic)
            assert len(partitions) > 1
            assert all(offsets.end for offsets in partitions.values())
        for feature in own_features(runtime):
            runtime.start_job(feature.name)
        yield runtime


def rows_of(runtime: Runtime, name: str) -> list[dict[str, Any]]:
    """What a job has written."""
    topic = runtime.features.find([name])[0].topic
    records = chain.from_iterable(read_to_end(runtime.kafka, topic))
    return [json.loads(record.value or b"", parse_float=Decimal) for record in records]


def test_pairs_are_those_of_plain_python(own: Runtime) -> None:
    for feature in own_features(own):
        parity = own.verify(feature.name)
        assert parity.outcome is Outcome.PROVED, parity
        assert (parity.transactions, parity.bad) == (len(PAID) + len(BEGUN), len(BAD_SESSIONS))
        assert (parity.missing, parity.undecided, parity.unread, parity.waiting) == (0, 0, 0, 0)
        assert parity.equal > 100, parity
    pairs = [(one, other) for one in PAID for other in BEGUN if one["account"] == other["account"]]
    after = Counter(
        (one["account"], one["at"], Decimal(one["amount"]), other["device"], other["at"])
        for one, other in pairs
        if timedelta() <= one["at"] - other["at"] <= 10 * MINUTE
    )
    found = Counter(
        (row["account"], time(row["at"]), row["amount"], row["device"], time(row["session_at"]))
        for row in rows_of(own, "after_session")
    )
    assert found == after
    around = Counter(
        (one["number"], other["at"], other["risk"] * 2)
        for one, other in pairs
        if one["bank"] == other["bank"] is not None
        and Decimal(one["amount"]) > 100
        and one["number"] % 3
        and 0.2 < other["risk"] < 0.95
        and -120 * MINUTE < one["at"] - other["at"] <= timedelta(seconds=90)
    )
    weighed = Counter(
        (row["number"], time(row["began"]), float(row["weighed"]))
        for row in rows_of(own, "around_session")
    )
    assert weighed == around


def time(written: str) -> datetime:
    return datetime.fromisoformat(written)


def test_a_late_record_is_joined_or_undecided_and_a_foreign_row_is_wrong(
    own: Runtime, stack_settings: Settings
) -> None:
    name, later = "after_session", START + timedelta(hours=9)
    before = own.verify(name)
    send(own, transfers.topic, [in_json(transfer(START + timedelta(hours=5), "forgotten"))])
    # In every partition; of an account, the session is after the transfer.
    send(own, transfers.topic, [in_json(transfer(later, each)) for each in (*ACCOUNTS, "kept")])
    send(own, sessions.topic, [in_json(session(later + MINUTE, each)) for each in ACCOUNTS])

    def watermark_has_passed() -> bool:
        mark = own.metrics()[name].watermark
        return mark is not None and mark.replace(tzinfo=None) > START + timedelta(hours=6)

    wait_until(watermark_has_passed, 60, "the watermark of both streams")
    # The transfer that it belongs to has been given up; of the other one, Flink waits for more.
    late = session(START + timedelta(hours=5) - MINUTE, "forgotten", device="late phone")
    send(own, sessions.topic, [in_json(late), in_json(session(later - 5 * MINUTE, "kept"))])
    parity = own.verify(name)
    assert parity.outcome is Outcome.NOT_JUDGED, parity
    assert (parity.undecided, parity.missing, parity.different) == (1, 0, 0), parity
    # The one that is late but was joined.
    assert parity.equal == before.equal + 1, parity
    (undecided,) = [each for each in parity.mismatches if each.kind is Kind.UNDECIDED]
    assert [each.topic for each in undecided.inputs] == [transfers.topic, sessions.topic]

    sink = own.features.find([name])[0].topic
    (record, *_) = chain.from_iterable(read_to_end(own.kafka, sink))
    foreign = json.loads(record.value or b"") | {"device": "stranger"}
    key = record.key or b""
    send(own, sink, [(key, json.dumps(foreign).encode()), (key, record.value)])
    parity = own.verify(name)
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1), parity
    assert (parity.duplicates, parity.undecided) == (1, 1), parity

    fraudwatch = command(stack_settings, {"FRAUDWATCH_FEATURES": str(OWN)})
    wrong = fraudwatch("verify", name, "--json")
    assert wrong.returncode == 1
    kinds = Counter(each["kind"] for each in json.loads(wrong.stdout)[0]["mismatches"])
    assert (kinds["not expected"], kinds["undecided"]) == (1, 1)
    # Fields of both streams that are sensitive are hidden.
    assert not [text for text in ("phone", "stranger", "forgotten") if text in wrong.stdout]
    sql = fraudwatch("sql", name).stdout
    assert sql.count("'scan.startup.mode' = 'earliest-offset'") == 2
