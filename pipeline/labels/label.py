"""Labels that arrive after the records that they are of, in a topic of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from pipeline.sources.labels import says_fraud
from pipeline.text.malformed import MALFORMED

if TYPE_CHECKING:
    from pipeline.config import LabelSettings
    from pipeline.kafka.records import Record


@dataclass(frozen=True, slots=True)
class LaterLabel:
    """What became known of a record.

    Attributes:
        identity: The record's identity, as text.
        fraud: Whether it is fraud; None withdraws what was known before.
    """

    identity: str
    fraud: bool | None


def labels_in(records: Iterable[Record], settings: LabelSettings) -> Iterator[LaterLabel]:
    """Return the labels in records of the topic of labels; what is none is passed over."""
    for record in records:
        fields: object = None
        with suppress(*MALFORMED):
            fields = msgspec.json.decode(record.value or b"null")
        if isinstance(fields, dict) and fields.get(settings.identity) not in (None, ""):
            yield LaterLabel(str(fields[settings.identity]), says_fraud(fields.get(settings.label)))
