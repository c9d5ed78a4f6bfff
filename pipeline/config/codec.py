"""Settings to and from plain values: paths and secrets are kinds that msgspec does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from .kafka import KafkaSettings
from .secret import Secret
from .settings import Settings


def convert(values: dict[str, Any]) -> Settings:
    """Settings from plain values; numbers may be texts, as variables are.

    Raises:
        msgspec.ValidationError: A value is not what it has to be.
    """
    return msgspec.convert(values, Settings, strict=False, dec_hook=_decode)


def to_json(settings: Settings) -> bytes:
    """For handing settings to another process of ours; a secret goes as where it is."""
    return msgspec.json.encode(settings, enc_hook=_encode)


def kafka_to_json(kafka: KafkaSettings) -> bytes:
    """For handing a Kafka to another process of ours, as one line."""
    return msgspec.json.encode(kafka, enc_hook=_encode)


def kafka_from_json(data: bytes) -> KafkaSettings:
    """What `kafka_to_json` wrote."""
    return msgspec.json.decode(data, type=KafkaSettings, dec_hook=_decode)


def from_json(data: bytes) -> Settings:
    """What `to_json` wrote."""
    return msgspec.json.decode(data, type=Settings, dec_hook=_decode)


def _encode(value: Any) -> Any:
    return value.as_written() if isinstance(value, Secret) else str(value)


def _decode(kind: type, value: Any) -> Any:
    if kind is Secret:
        return Secret.of(value)
    if kind is Path and isinstance(value, str):
        return Path(value).expanduser().absolute()
    raise ValueError(f"a {kind.__name__} is written as a text")
