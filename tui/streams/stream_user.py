"""The records of one user of any stream, as its source declares it.

Keys of a stream may be anything, so that all of its records are decoded to find those of a user.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from pipeline.config import KafkaSettings
from pipeline.formats.decoders import decoder_of
from pipeline.kafka.quarantine import validate_rows
from pipeline.kafka.records import Record
from pipeline.model.sinks import SinkColumn
from pipeline.sources import Source
from pipeline.sources.column_types import element
from pipeline.sources.labels import says_fraud
from pipeline.sources.masking import MaskOf, nothing
from pipeline.sources.paths import field_name

from .feature_rows import values
from .own_history import OwnHistoryBatch, OwnRecord
from .sink_topics import SinkTopic, Values


class StreamUser:
    """Finds the records of a user, and the rows that features have written of the user.

    Args:
        kafka: The cluster and its credentials.
        source: The stream.
        sinks: The sink topics of its features that say whose a row is.
        user: The user, as text.
        mask_of: Returns what is hidden in a topic, by its name in Kafka.

    Raises:
        ConfigError: The source needs a schema registry, and the profile has none.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        source: Source,
        sinks: Sequence[SinkTopic[Values]],
        user: str,
        mask_of: MaskOf = nothing,
    ) -> None:
        self._source = source
        self._sinks = sinks
        self._user = user
        self._decoder = decoder_of(source, kafka)
        hidden, paths = mask_of(kafka.topic(source.topic)).fields, source.record_paths
        self._columns = tuple(
            SinkColumn(
                name,
                "string" if element(dtype) else dtype,
                computed=False,
                hidden=field_name(paths[name]) in hidden,
            )
            for name, dtype in source.schema
        )
        self.topics = (source.topic, *(sink.topic for sink in sinks))
        self._values = [_reader(name, dtype) for name, dtype in source.schema]

    def batch(self, records: Mapping[str, Sequence[Record]]) -> OwnHistoryBatch:
        return OwnHistoryBatch(
            columns=self._columns,
            records=self._mine(records.get(self._source.topic, ())),
            results={
                sink.feature: self._rows(sink, records.get(sink.topic, ())) for sink in self._sinks
            },
        )

    def _mine(self, records: Sequence[Record]) -> list[OwnRecord]:
        user, label = self._source.user or "", self._source.label
        if any(column.hidden for column in self._columns if column.name == label):
            label = None
        return [
            OwnRecord(
                record.partition,
                record.offset,
                tuple(value(row) for value in self._values),
                label is not None and bool(says_fraud(getattr(row, label))),
            )
            for record, row in validate_rows(records, self._decoder)[0]
            if str(getattr(row, user)) == self._user
        ]

    def _rows(self, sink: SinkTopic[Values], records: Sequence[Record]) -> list[Values]:
        place = [column.name for column in sink.columns].index(sink.user or "")
        found = (values(record.value, sink.columns) for record in records)
        return [row for row in found if row is not None and str(row[place]) == self._user]


def _reader(name: str, dtype: str) -> Callable[[Any], Any]:
    """Return what reads the value of a column of a row; an array is shown as JSON."""
    read = attrgetter(name)
    if not element(dtype):
        return read

    def array(row: Any) -> str | None:
        values = read(row)
        return None if values is None else msgspec.json.encode(values).decode()

    return array
