"""What is sensitive is hidden in Avro with a schema registry, and in Protobuf."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any, Final

import msgspec
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf.message_factory import GetMessageClass

from pipeline.config import RegistrySettings, Settings
from pipeline.formats.avro.columns import schema
from pipeline.formats.protobuf.message import message_of
from pipeline.sources import Source
from pipeline.stack.runtime import Runtime
from tests import streams
from tests.streams.canary import BORN, CARD, HOLDER, IBAN, assert_hidden, row, said_by

from . import registry
from .conftest import Run, command, wait_until
from .own_streams import send, with_features

OWN: Final = streams.FOLDER / "canary_formats.py"
CONFLUENT: Final = "canary-confluent"
PROTOBUF: Final = "canary-protobuf"
JOBS: Final = ("canary_confluent_as_read", "canary_protobuf_as_read")
RECORDS: Final = 100
# Neither is a record: one has the registry's first byte and no schema, one is no message.
BROKEN: Final = {CONFLUENT: b"\x00" + HOLDER.encode(), PROTOBUF: f"{CARD}{HOLDER}".encode()}


def in_avro(source: Source, url: str) -> Iterator[bytes]:
    """Records as the official client writes them, which registers their schema."""
    serializer = AvroSerializer(SchemaRegistryClient({"url": url}), json.dumps(schema(source)))
    context = SerializationContext(source.topic, MessageField.VALUE)
    for number in range(RECORDS):
        fields = row(number)
        yield serializer(fields | {"at": fields["at"].replace(tzinfo=UTC)}, context)


def in_protobuf(source: Source) -> Iterator[bytes]:
    for number in range(RECORDS):
        fields = row(number)
        at = fields.pop("at")
        made: Any = GetMessageClass(message_of(source))(**fields | {"born": str(BORN)})
        made.at.FromDatetime(at)
        yield made.SerializeToString()


@pytest.fixture(scope="module")
def stream(
    running_stack: Runtime, stack_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Runtime, Run]]:
    """The stack of this run with both streams and their jobs, and commands that know them."""
    with registry.running(stack_settings, tmp_path_factory.mktemp("registry")) as url:
        kafka = msgspec.structs.replace(stack_settings.kafka, registry=RegistrySettings(url=url))
        settings = msgspec.structs.replace(stack_settings, kafka=kafka)
        with with_features(running_stack, settings, OWN) as runtime:
            sources = {source.topic: source for source in runtime.sources()}
            for topic, values in (
                (CONFLUENT, in_avro(sources[CONFLUENT], url)),
                (PROTOBUF, in_protobuf(sources[PROTOBUF])),
            ):
                send(runtime, topic, [(IBAN.encode(), value) for value in values])
            for name in JOBS:
                runtime.start_job(name)
                assert runtime.verify(name).proved
            variables = {"FRAUDWATCH_FEATURES": str(OWN), "FRAUDWATCH_KAFKA_REGISTRY_URL": url}
            yield runtime, command(stack_settings, variables)


def test_the_commands(stream: tuple[Runtime, Run]) -> None:
    runtime, own = stream
    listed = ("--from", "beginning", "--no-follow")
    topics = (CONFLUENT, PROTOBUF, *JOBS)
    said = said_by(
        own,
        *(("tail", topic, *listed) for topic in topics),
        *(("tail", topic, *listed, "--json") for topic in BROKEN),
        ("verify", *JOBS),
        ("inspect", CONFLUENT),
    )
    assert_hidden(said)
    for topic in topics:
        assert "•••• 1385" in said["tail", topic, *listed], topic

    # Flink cannot skip what is not Avro, so that this stops the job.
    for topic, broken in BROKEN.items():
        send(runtime, topic, [(str(CARD).encode(), broken)])
    wait_until(lambda: runtime.status().jobs[-2].failure, 60, "the job's failure")
    said = said_by(
        own,
        *(("tail", topic, *listed) for topic in BROKEN),
        ("jobs",),
        ("status", "--json"),
        ("quarantine", "--json"),
        ("doctor",),
        ("logs", "flink", "-n", "10000"),
    )
    said["exceptions",] = "\n".join(each.trace for each in runtime.job_detail(JOBS[0]).failures)
    assert_hidden(said)
    assert "Exception" in said["exceptions",]
