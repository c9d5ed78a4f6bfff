"""Chooses what encodes the records of a source, by its format, as `kafka.decoders` decodes them."""

from __future__ import annotations

from pipeline.config import KafkaSettings
from pipeline.files.encoder import Encoder, RowEncoder, TextEncoder
from pipeline.formats.registry_client import required
from pipeline.sources import Source
from pipeline.sources.formats import AVRO_CONFLUENT, PROTOBUF, TEXTS


def encoder_of(source: Source, kafka: KafkaSettings) -> Encoder:
    """Return the encoder of a source.

    Args:
        source: The source.
        kafka: The Kafka cluster, for its schema registry and the name of the topic.

    Raises:
        InputError: The registry has no schema for the topic, or one that does not fit the source;
            or its message does not fit.
        UnavailableError: The registry does not answer.
        ConfigError: The profile has no registry, or the registry refuses access.
    """
    if source.format in TEXTS:
        return TextEncoder(source)
    if source.format == PROTOBUF:
        from pipeline.formats.protobuf.encoder import ProtobufEncoder

        encoder = ProtobufEncoder(source)
        return RowEncoder(source, encoder.fields, encoder.encode)
    # Their libraries take a third of a second to load.
    from pipeline.formats.avro import encoder as avro_encoder
    from pipeline.formats.schemas import Schemas

    if source.format == AVRO_CONFLUENT:
        schemas = Schemas(required(kafka, source))
        found = avro_encoder.by_registry(source, kafka.topic(source.topic), schemas)
    else:
        found = avro_encoder.plain(source)
    return RowEncoder(source, found.fields, found.encode)
