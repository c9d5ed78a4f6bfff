"""Settings to and from JSON; adds paths and secrets to the types that msgspec converts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from pipeline.text.ready_type import ready

from .kafka import KafkaSettings
from .secret import Secret
from .settings import Settings


def convert(values: dict[str, Any]) -> Settings:
    """Build settings from plain values; numbers may be strings, as in environment variables.

    Raises:
        msgspec.ValidationError: A value is invalid.
    """
    return msgspec.convert(values, ready(Settings), strict=False, dec_hook=_decode)


def to_json(settings: Settings) -> bytes:
    """Encode settings for a child process; secrets are passed as references."""
    return msgspec.json.encode(settings, enc_hook=_encode)


def kafka_to_json(kafka: KafkaSettings) -> bytes:
    """Encode Kafka settings for a child process, on one line."""
    return msgspec.json.encode(kafka, enc_hook=_encode)


def kafka_from_json(data: bytes) -> KafkaSettings:
    """Decode the output of `kafka_to_json`."""
    return msgspec.json.decode(data, type=ready(KafkaSettings), dec_hook=_decode)


def from_json(data: bytes) -> Settings:
    """Decode the output of `to_json`."""
    return msgspec.json.decode(data, type=ready(Settings), dec_hook=_decode)


def _encode(value: Any) -> Any:
    return value.as_written() if isinstance(value, Secret) else str(value)


def _decode(kind: type, value: Any) -> Any:
    if kind is Secret:
        return Secret.of(value)
    if kind is Path and isinstance(value, str):
        try:
            return Path(value).expanduser().absolute()
        except RuntimeError as error:
            raise ValueError(f"{value} is in no home folder that is known") from error
    raise ValueError(f"a {kind.__name__.lower()} must be a text")
