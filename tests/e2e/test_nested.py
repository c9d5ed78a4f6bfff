"""Columns inside of objects and arrays, on the real broker and the real cluster."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.kafka.read_to_end import read_to_end
from pipeline.proof import Outcome
from pipeline.stack.runtime import Runtime
from tests import streams
from tests.streams import nested_records
from tests.streams.nested_sources import clicks, orders

from .conftest import command, own_features
from .own_streams import Keyed, send, with_features

NESTED = streams.FOLDER / "nested_sources.py"
ORDERS = 2_000
CLICKS = 1_500
INVALID = list(nested_records.invalid_orders())


@pytest.fixture(scope="module")
def nested(running_stack: Runtime, stack_settings: Settings) -> Iterator[Runtime]:
    """The stack of this run with the two streams, their records, and a job for each feature."""
    with with_features(running_stack, stack_settings, NESTED) as runtime:
        # Before the jobs start: partitions that are silent meanwhile would count as idle.
        good = list(nested_records.orders(ORDERS))
        invalid: list[Keyed] = [(b"", value) for value, _ in INVALID]
        send(runtime, orders.topic, [*good[:100], *invalid, *good[100:]])
        send(runtime, clicks.topic, nested_records.clicks(CLICKS))
        for feature in own_features(runtime):
            runtime.start_job(feature.name)
        yield runtime


def test_features_over_nested_fields_are_proved(nested: Runtime) -> None:
    read = {orders.topic: (ORDERS, len(INVALID)), clicks.topic: (CLICKS, 0)}
    for feature in own_features(nested):
        parity = nested.verify(feature.name)
        assert parity.proved, parity
        assert (parity.transactions, parity.bad) == read[feature.source.topic], parity
        assert (parity.late, parity.duplicates, parity.unread) == (0, 0, 0), parity
        assert parity.equal > 3, parity


def test_values_come_from_where_the_paths_say(nested: Runtime) -> None:
    """What Flink wrote, beside what was sent."""
    sent = {
        (fields["customer"]["id"], Decimal(fields["payment"]["total"]))
        for _, value in nested_records.orders(ORDERS)
        for fields in [json.loads(value, parse_float=str, parse_int=str)]
    }
    records = list(chain.from_iterable(read_to_end(nested.kafka, "nested_orders_as_read")))
    rows = [json.loads(record.value or b"", parse_float=str, parse_int=str) for record in records]
    assert {row["country"] for row in rows} >= {"DE", "FR", None}
    assert {row["first_item"] for row in rows} >= {"a", "5", None}
    assert {row["second_quantity"] for row in rows} == {"2", "3", None}
    assert {(row["customer"], Decimal(row["total"])) for row in rows} <= sent


def test_what_is_invalid_is_said_with_its_path(nested: Runtime, stack_settings: Settings) -> None:
    fraudwatch = command(stack_settings, {"FRAUDWATCH_FEATURES": str(NESTED)})
    listed = fraudwatch("quarantine", "--json")
    assert listed.returncode == 0, listed.stderr
    report = json.loads(listed.stdout)
    assert report["kinds"] == Counter(kind.value for _, kind in INVALID)
    reasons = {record["reason"] for record in report["records"]}
    assert "customer (customer.id) is missing" in reasons
    assert "placed_at (meta.placedAt) is 5, not YYYY-MM-DDTHH:MM:SS" in reasons


def test_sensitive_fields_inside_of_objects_are_hidden(
    nested: Runtime, stack_settings: Settings
) -> None:
    fraudwatch = command(stack_settings, {"FRAUDWATCH_FEATURES": str(NESTED)})
    for topic in (orders.topic, "nested_orders_as_read"):
        shown = fraudwatch("tail", topic, "--from", "beginning", "-n", "500")
        assert shown.returncode == 0, shown.stderr
        assert "••••" in shown.stdout and "4111" not in shown.stdout


def test_a_wrong_value_is_found(nested: Runtime) -> None:
    feature = next(f for f in own_features(nested) if f.name == "orders_as_read")
    first = next(chain.from_iterable(read_to_end(nested.kafka, feature.topic)))
    fields = json.loads(first.value or b"") | {"country": "XX"}
    send(nested, feature.topic, [(first.key or b"", json.dumps(fields).encode())])
    parity = nested.verify(feature.name)
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1), parity


def test_what_inspect_prints_reads_the_same_records(
    nested: Runtime, stack_settings: Settings, tmp_path: Path
) -> None:
    fraudwatch = command(stack_settings)
    printed = fraudwatch("inspect", orders.topic)
    assert printed.returncode == 0, printed.stderr
    assert '"meta_placedAt": "meta.placedAt",' in printed.stdout
    assert '"customer_id": "customer.id",' in printed.stdout
    assert '"payment_total": "payment.total",' in printed.stdout
    pasted = tmp_path / "pasted.py"
    pasted.write_text(
        f"{printed.stdout}\nfrom fraudwatch import feature\n\n"
        '@feature(topic="nested_pasted", source=orders)\n'
        "def pasted(orders):\n"
        '    return orders.select("customer_id", "meta_placedAt")\n'
    )
    for step in ("start", "verify", "stop"):
        done = fraudwatch(step, "pasted", "--features", str(pasted))
        assert done.returncode == 0, done.stdout + done.stderr
