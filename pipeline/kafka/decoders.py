"""Chooses what decodes the records of a source, by its format."""

from __future__ import annotations

from pipeline.config import KafkaSettings
from pipeline.sources import Source
from pipeline.sources.formats import AVRO_CONFLUENT, JSON

from .decoder import Decoder
from .json_decoder import JsonDecoder
from .registry import required


def decoder_of(source: Source, kafka: KafkaSettings) -> Decoder:
    """Return the decoder of a source.

    Args:
        source: The source.
        kafka: The Kafka cluster, for its schema registry.

    Raises:
        ConfigError: It needs a schema registry, and the profile has none or its secrets are gone.
    """
    if source.format == JSON:
        return JsonDecoder(source)
    # Their libraries take a third of a second to load.
    from .avro_decoder import AvroDecoder
    from .schemas import Schemas

    if source.format == AVRO_CONFLUENT:
        return AvroDecoder(source, Schemas(required(kafka, source)))
    return AvroDecoder(source, None)
