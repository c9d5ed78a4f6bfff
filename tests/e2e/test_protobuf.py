"""Records in Protobuf on the real broker, with their schemas in a real registry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from pipeline.config import RegistrySettings, Settings
from pipeline.model.reading import Reset
from pipeline.stack.runtime import Runtime
from tests.streams.protobuf_records import MONEY, PAYMENT, framed, message
from tui.streams.kafka_tails import KafkaTails
from tui.streams.record_view import RecordFields, RecordView

from . import registry
from .conftest import Run, command, in_order, wait_until

AS_TEXT: Final = "protobuf-as-text"
"""Topic of records whose schemas are texts, as most clients register them."""
BY_CLIENT: Final = "protobuf-by-client"
"""Topic of records of the official client for Python, which registers descriptors."""
COUNT: Final = 50


@dataclass(frozen=True, slots=True)
class Sent:
    """A stack with both topics.

    Attributes:
        settings: Its settings, with the registry.
        bootstrap: Kafka's address.
        fraudwatch: Runs commands.
    """

    settings: Settings
    bootstrap: str
    fraudwatch: Run

    def tailed(self, topic: str) -> list[Any]:
        found = self.fraudwatch("tail", topic, "--from", "beginning", "--no-follow", "--json")
        assert found.returncode == 0, found.stderr
        return [json.loads(line)["value"] for line in found.stdout.splitlines()]


def payment(number: int) -> dict[str, Any]:
    return {
        "booked_at": f"2024-03-01T09:00:{number:02}Z",
        "account": f"DE{number}",
        "n": 2**53 + number,
        "kind": "CARD",
        "card": {"number": "4111", "issuer": {"bank": "ü"}},
        "price": {"cents": number, "on": {"year": 2024, "month": 3, "day": 1}},
    }


def _as_text(url: str) -> Iterator[bytes]:
    client = SchemaRegistryClient({"url": url})
    client.register_schema("money", Schema(MONEY, "PROTOBUF"))
    needed = [SchemaReference("shop/money.proto", "money", 1)]
    number = client.register_schema(f"{AS_TEXT}-value", Schema(PAYMENT, "PROTOBUF", needed))
    for each in range(COUNT):
        yield framed(number, [1], message("Payment", payment(each)).SerializeToString())
    yield framed(number, [0], message("Refund", {"reason": "late"}).SerializeToString())
    card = message("Payment.Card", {"number": "4222"})
    yield framed(number, [1, 0], card.SerializeToString())
    yield framed(number, [7], b"no such message")


def _by_client(url: str) -> Iterator[bytes]:
    kind = type(message("Payment", payment(0)))
    serializer = ProtobufSerializer(kind, SchemaRegistryClient({"url": url}))
    context = SerializationContext(BY_CLIENT, MessageField.VALUE)
    for each in range(COUNT):
        made = message("Payment", payment(each)).SerializeToString()
        yield serializer(kind.FromString(made), context)


@pytest.fixture(scope="module")
def sent(
    running_stack: Runtime, stack_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sent]:
    bootstrap = running_stack.kafka.bootstrap
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for answer in admin.create_topics([NewTopic(AS_TEXT, 1), NewTopic(BY_CLIENT, 1)]).values():
        answer.result()
    with registry.running(stack_settings, tmp_path_factory.mktemp("registry")) as url:
        producer = Producer(in_order(bootstrap))
        for topic, values in ((AS_TEXT, _as_text(url)), (BY_CLIENT, _by_client(url))):
            for value in values:
                producer.produce(topic, value)
        assert producer.flush(60) == 0
        kafka = msgspec.structs.replace(stack_settings.kafka, registry=RegistrySettings(url=url))
        settings = msgspec.structs.replace(stack_settings, kafka=kafka)
        variables = {"FRAUDWATCH_KAFKA_REGISTRY_URL": url}
        yield Sent(settings, bootstrap, command(stack_settings, variables))
    for answer in admin.delete_topics([AS_TEXT, BY_CLIENT]).values():
        answer.result()


def test_records_are_shown_as_json(sent: Sent) -> None:
    *payments, refund, card, odd = sent.tailed(AS_TEXT)
    assert [value | payment(number) for number, value in enumerate(payments)] == payments
    assert len(payments) == COUNT
    assert payments[0]["tags"] == [] and "country" not in payments[0]
    assert (refund, card) == ({"reason": "late"}, {"number": "4222"})
    assert odd.endswith("no such message")


def test_so_are_those_of_the_official_client(sent: Sent) -> None:
    found = sent.tailed(BY_CLIENT)
    assert len(found) == COUNT
    assert [value | payment(number) for number, value in enumerate(found)] == found


def test_the_console_shows_them_in_records(sent: Sent) -> None:
    tails = KafkaTails(lambda: sent.bootstrap, sent.settings.kafka)
    records: list[RecordView] = []

    def all_there() -> bool:
        records.extend(tail.poll(5_000).records)
        return len(records) == COUNT

    with closing(tails.open(BY_CLIENT, Reset.EARLIEST)) as tail:
        wait_until(all_there, 30, "the records")
    assert [RecordFields(each)("account") for each in records] == [f"DE{n}" for n in range(COUNT)]


def test_they_are_no_source(sent: Sent) -> None:
    found = sent.fraudwatch("inspect", AS_TEXT)
    assert found.returncode != 0
    assert "Flink cannot read Protobuf that begins with the id of its schema" in found.stderr
    assert "Traceback" not in found.stderr
