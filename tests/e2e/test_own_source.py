"""Streams of the user's own on the real broker and the real cluster, side by side."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain

import pytest

from pipeline.config import Settings
from pipeline.formats.json.flink_json import row_reader
from pipeline.formats.kinds import Kind
from pipeline.kafka.read_to_end import read_to_end
from pipeline.proof import Outcome
from pipeline.sources.labels import YES
from pipeline.stack.runtime import Runtime
from tests import streams
from tests.streams import own_records
from tests.streams.own_sources import logins, payments, ticks, visits
from tui.panels.catalogue import PANELS
from tui.panels.flagged.flagged_panel import FLAGGED_PANEL
from tui.streams.kafka_history import KafkaHistory
from tui.streams.kafka_source import KafkaSource
from tui.streams.limits import StreamLimits
from tui.streams.own_history import OwnHistoryState
from tui.streams.sink_topics import has_user, own_sinks
from tui.streams.store import Store
from tui.streams.stream_user import StreamUser
from tui.table.query import Query

from .conftest import Run, command, own_features, wait_until
from .own_streams import Keyed, send, with_features

OWN = streams.FOLDER / "own_sources.py"
PAYMENTS = 3_000
LOGINS = 2_000
TICKS = 900
VISITS = 1_000


@pytest.fixture(scope="module")
def own(running_stack: Runtime, stack_settings: Settings) -> Iterator[Runtime]:
    """The stack of this run with three more streams, their records, and a job for each feature."""
    with with_features(running_stack, stack_settings, OWN) as runtime:
        # Before the jobs start: partitions that are silent meanwhile would count as idle.
        send(runtime, payments.topic, _mixed(own_records.payments(PAYMENTS), BAD_PAYMENTS))
        send(runtime, logins.topic, _mixed(own_records.logins(LOGINS), BAD_LOGINS))
        send(runtime, ticks.topic, own_records.ticks(TICKS))
        send(runtime, visits.topic, own_records.visits(VISITS))
        for feature in own_features(runtime):
            runtime.start_job(feature.name)
        yield runtime


BAD_PAYMENTS = list(own_records.invalid_payments())
BAD_LOGINS = list(own_records.invalid_logins())


def _mixed(
    good: Iterable[tuple[bytes, bytes]], bad: list[tuple[bytes | None, Kind]]
) -> Iterator[Keyed]:
    """The good records, with the bad ones among the first of them."""
    for number, keyed in enumerate(good):
        yield keyed
        if number % 20 == 10 and number // 20 < len(bad):
            yield keyed[0], bad[number // 20][0]


def test_features_over_several_streams_are_proved(own: Runtime) -> None:
    read = {
        payments.topic: (PAYMENTS, len(BAD_PAYMENTS)),
        logins.topic: (LOGINS, len(BAD_LOGINS)),
        ticks.topic: (TICKS, 0),
        visits.topic: (VISITS, 0),
    }
    for feature in own_features(own):
        parity = own.verify(feature.name)
        assert parity.proved, parity
        assert (parity.transactions, parity.bad) == read[feature.source.topic], parity
        assert (parity.late, parity.duplicates, parity.unread) == (0, 0, 0), parity
        assert parity.equal > 3, parity
        # A window waits for its end.
        assert parity.waiting < parity.expected / 3, parity


def test_amounts_are_exact_to_the_cent(own: Runtime) -> None:
    """What Flink wrote, computed again in plain Python."""
    paid: dict[str, list[tuple[datetime, Decimal]]] = defaultdict(list)
    for _, value in own_records.payments(PAYMENTS):
        fields = json.loads(value, parse_float=Decimal, parse_int=Decimal)
        written = datetime.fromisoformat(fields["booked_at"])
        utc = written.astimezone(UTC).replace(tzinfo=None) if written.tzinfo else written
        exact = utc.replace(microsecond=utc.microsecond // 1_000 * 1_000)
        paid[fields["account"]].append((exact, fields["amount"]))
    spend = own.features.find(["spend"])[0]
    read = row_reader(spend.columns)
    records = list(chain.from_iterable(read_to_end(own.kafka, spend.topic)))
    # The last ones wait for the watermark.
    assert PAYMENTS - 50 < len(records) <= PAYMENTS
    for record in records:
        row = read(record.value)
        assert record.key == row.account.encode()
        amounts = [
            amount
            for at, amount in paid[row.account]
            if row.booked_at - timedelta(hours=1) <= at <= row.booked_at
        ]
        found = (row.spent, row.largest, row.payments)
        assert found == (sum(amounts), max(amounts), len(amounts))


def test_the_screen_of_a_user_has_every_record_and_what_features_say(own: Runtime) -> None:
    account = own_records.ACCOUNTS[4]  # With quotation marks.
    fields = [json.loads(value) for _, value in own_records.payments(PAYMENTS)]
    mine = [each for each in fields if each["account"] == account]
    sinks = own_sinks(own.sinks())
    sinks = tuple(sink for sink in sinks if sink.source == payments.topic and has_user(sink))
    state = OwnHistoryState(payments, sinks)
    mine_of = StreamUser(own.kafka, payments, sinks, account, own.mask_of)
    history = KafkaHistory(own.kafka, mine_of)
    try:

        def read() -> bool:
            state.apply(history.poll())
            return state.history("", 0.0).caught_up

        wait_until(read, 30, "the history")
    finally:
        history.close()
    found = state.history("", 0.0)
    assert found.total == len(mine)
    # Flink takes the text, too.
    assert found.flagged == sum(str(each["chargeback"]).lower() == "true" for each in mine)
    results = {result.sink.feature: result for result in found.results}
    assert results.keys() == {"spend", "as_read"}
    assert results["as_read"].rows == len(mine)
    # Where records come at the same time, the window ends with either.
    newest = max(record.values[0] for record in found.records)
    spent = results["spend"].values
    last_hour = [
        record.values[2]
        for record in found.records
        if spent[1] - timedelta(hours=1) <= record.values[0] <= spent[1]
    ]
    assert (spent[2], spent[4]) == (sum(last_hour), len(last_hour))
    assert newest - spent[1] < timedelta(minutes=5)


def test_flagged_lists_the_labelled_records_of_each_source(own: Runtime) -> None:
    """With a label of any kind, and without a feature that picks them."""
    store = Store(PANELS, time.time, StreamLimits(flagged=PAYMENTS), own.sinks(), own.sources())
    streams = KafkaSource(own.kafka, store.sinks, own.mask_of, own.sources())
    try:

        def read() -> bool:
            store.apply(streams.poll())
            others = store.snapshot().others
            return (others[payments.topic], others[logins.topic]) == (PAYMENTS, LOGINS)

        wait_until(read, 30, "the records")
    finally:
        streams.close()
    # In a column of truth values, no other text says anything, and no number does.
    for source, records, label, words in (
        (payments, own_records.payments(PAYMENTS), "chargeback", ("true",)),
        (logins, own_records.logins(LOGINS), "stolen", YES),
    ):
        sent = [json.loads(value) for _, value in records]
        name = f"{source.topic}.{label}"
        rows = store.state(FLAGGED_PANEL).rows(Query(feature=name))
        shown = Counter(json.dumps(json.loads(row.record.shown or b"")) for row in rows)
        fraud = (each for each in sent if str(each.get(label)).lower() in words)
        assert shown == Counter(map(json.dumps, fraud))
        assert store.snapshot().seen[name] == shown.total() > 100


def test_what_is_invalid_is_said(own: Runtime, stack_settings: Settings) -> None:
    fraudwatch = command(stack_settings, {"FRAUDWATCH_FEATURES": str(OWN)})
    listed = fraudwatch("quarantine", "--json")
    assert listed.returncode == 0, listed.stderr
    report = json.loads(listed.stdout)
    kinds = Counter(kind.value for _, kind in (*BAD_PAYMENTS, *BAD_LOGINS))
    assert report["kinds"] == kinds
    topics = Counter(record["topic"] for record in report["records"])
    assert topics == {payments.topic: len(BAD_PAYMENTS), logins.topic: len(BAD_LOGINS)}
    reasons = {record["reason"] for record in report["records"]}
    assert "booked_at is 1709283600, not YYYY-MM-DDTHH:MM:SS" in reasons
    assert "TOPIC" in fraudwatch("quarantine").stdout


def test_a_wrong_value_is_found(own: Runtime, stack_settings: Settings) -> None:
    """One cent in one sum."""
    spend = own.features.find(["spend"])[0]
    first = next(chain.from_iterable(read_to_end(own.kafka, spend.topic)))
    fields = json.loads(first.value or b"", parse_float=Decimal)
    exact = {"spent": fields["spent"] + Decimal("0.01"), "largest": fields["largest"]}
    changed = fields | {name: own_records.Raw(value) for name, value in exact.items()}
    changed["mean"] = float(fields["mean"])
    send(own, spend.topic, [(first.key or b"", own_records.encoded(changed))])
    parity = own.verify(spend.name)
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1), parity
    fraudwatch: Run = command(stack_settings, {"FRAUDWATCH_FEATURES": str(OWN)})
    assert fraudwatch("verify", "spend").returncode == 1
