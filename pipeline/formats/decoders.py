"""Chooses what decodes the records of a source, by its format, and checks that Flink can."""

from __future__ import annotations

from pipeline.config import KafkaSettings
from pipeline.formats.csv.decoder import CsvDecoder
from pipeline.formats.json.decoder import JsonDecoder
from pipeline.sources import Source
from pipeline.sources.formats import AVRO_CONFLUENT, CSV, JSON, PROTOBUF

from .decoder import Decoder
from .registry_client import required


def decoder_of(source: Source, kafka: KafkaSettings) -> Decoder:
    """Return the decoder of a source.

    Args:
        source: The source.
        kafka: The Kafka cluster, for its schema registry.

    Raises:
        ConfigError: It needs a schema registry, and the profile has none or its secrets are gone.
        InputError: Its .proto file cannot be compiled, or its columns do not fit the message.
    """
    if source.format == JSON:
        return JsonDecoder(source)
    if source.format == CSV:
        return CsvDecoder(source)
    if source.format == PROTOBUF:
        from pipeline.formats.protobuf.decoder import ProtobufDecoder

        return ProtobufDecoder(source)
    # Their libraries take a third of a second to load.
    from pipeline.formats.avro.decoder import AvroDecoder

    from .schemas import Schemas

    if source.format == AVRO_CONFLUENT:
        return AvroDecoder(source, Schemas(required(kafka, source)))
    return AvroDecoder(source, None)


def require_readable(source: Source, kafka: KafkaSettings) -> None:
    """Return if Flink can read what is written with the newest schema of a source.

    Otherwise a job would fail at the first record, or read other values than were written.

    Raises:
        InputError: It cannot.
        UnavailableError: The schema registry does not answer.
        ConfigError: There is none, or it refuses access.
    """
    if source.format == PROTOBUF:
        from pipeline.formats.protobuf.message import message_of

        message_of(source)
    if source.format != AVRO_CONFLUENT:
        return
    from pipeline.formats.avro.decoder import require_fit

    from .schemas import Schemas

    topic = kafka.topic(source.topic)
    newest = Schemas(required(kafka, source)).newest(topic)
    if newest is not None:
        require_fit(source, topic, newest)
