"""The source on Kafka: one batched consumer for all topics that the tables show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pipeline.config import KafkaSettings, LabelSettings
from pipeline.contract import TRANSACTION_TOPIC
from pipeline.kafka.consumer import BatchConsumer
from pipeline.kafka.quarantine import Quarantined, validate
from pipeline.kafka.records import Record, decode_with_records
from pipeline.labels.label import labels_in
from pipeline.labels.verdict import verdicts_in
from pipeline.model.reading import Last
from pipeline.sources import TRANSACTION, Source
from pipeline.sources.masking import MaskOf, nothing

from .feature_rows import row_values, values
from .quarantined import BadRow
from .record_view import RecordView
from .sink_topics import RowT, SinkTopic, Values, WithRecord
from .source import Batch
from .validation import Validated, Validation, extents_of

# Enough of each topic's past to fill every table at once; more would take longer.
_PAST_RECORDS: Final = 20_000
# A valid row longer than this is an attempt to exhaust memory.
_LONGEST_ROW: Final = 4 * 1024
_MAX_RECORDS: Final = 20_000
# The consumer waits this long for a full batch, so it is also the delay the console adds.
_POLL_SECONDS: Final = 0.05
_NO_LABELS: Final = LabelSettings(topic="", verdicts="")


class KafkaSource:
    """Reads the end of the topics, then follows them.

    Args:
        kafka: The cluster and its credentials.
        sinks: The sink topics to read.
        mask_of: Returns what is hidden in a topic, by its name in Kafka.
        sources: The sources that features read, whose records are read, too.
        labels: Where labels and verdicts come from, which are read if a sink can be matched to
            them; None if they do not matter.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        sinks: Sequence[SinkTopic[Any]],
        mask_of: MaskOf = nothing,
        sources: Sequence[Source] = (TRANSACTION,),
        labels: LabelSettings | None = None,
    ) -> None:
        self._sinks = sinks
        matched = any(sink.identity is not None for sink in sinks)
        self._labels = labels if matched and labels is not None else _NO_LABELS
        self._mask_of = mask_of
        self._validation = Validation(kafka, sources)
        read = (TRANSACTION_TOPIC,) if TRANSACTION in sources else ()
        written = (sink.topic for sink in sinks if not sink.labelled)
        names = (*read, *written, *self._validation.topics)
        names += tuple(filter(None, (self._labels.topic, self._labels.verdicts)))
        self._topics = {kafka.topic(name): name for name in names}
        self._consumer = BatchConsumer(kafka, tuple(self._topics), Last(_PAST_RECORDS))
        self._caught_up = False

    def poll(self) -> Batch:
        """Return the records that arrived since the last poll."""
        records = self._consumer.poll(_MAX_RECORDS, _POLL_SECONDS)
        lag = self._consumer.lag()
        if recreated := self._consumer.take_recreated():
            # The records of all topics come again, which is no burst of new ones.
            self._caught_up = False
        by_topic: defaultdict[str, list[Record]] = defaultdict(list)
        for record in records:
            by_topic[self._topics[record.topic]].append(record)
        past = not self._caught_up
        validated = {
            topic: self._validation.validated(topic, by_topic[topic])
            for topic in self._validation.topics
            if by_topic[topic]
        }
        batch = decoded(
            by_topic,
            self._sinks,
            lag=lag,
            error=self._consumer.error,
            recreated=recreated,
            past=past,
            mask_of=self._mask_of,
            validated=validated,
        )
        batch = replace(
            batch,
            labels=tuple(labels_in(by_topic[self._labels.topic], self._labels)),
            verdicts=tuple(verdicts_in(by_topic[self._labels.verdicts])),
        )
        # From the next batch on, since this one may still contain records of the past.
        self._caught_up = self._caught_up or self._consumer.has_read_the_past()
        return batch

    def close(self) -> None:
        self._consumer.close()


def decoded(
    by_topic: defaultdict[str, list[Record]],
    sinks: Sequence[SinkTopic[Any]],
    *,
    lag: int,
    error: str,
    recreated: bool,
    past: bool,
    mask_of: MaskOf = nothing,
    validated: Mapping[str, Validated] | None = None,
) -> Batch:
    """Decode the records of one poll.

    Args:
        by_topic: The records, by their topics' documented names.
        sinks: The sink topics.
        lag: Records in Kafka that have not been read yet.
        error: Why Kafka cannot be read.
        recreated: Whether topics were deleted or recreated.
        past: Whether the records are older than the console.
        mask_of: Returns what is hidden in a topic, by its name in Kafka.
        validated: What has become of the records of other sources, by topic.
    """
    others = validated or {}
    transactions, quarantined = validate(by_topic[TRANSACTION_TOPIC])
    # A record without a timestamp has a negative one.
    written = {
        topic: newest / 1000
        for topic, records in by_topic.items()
        if (newest := max((record.timestamp_ms for record in records), default=-1)) >= 0
    }
    rows: dict[str, Sequence[Any]] = {}
    bad = sum(found.unknown for found in others.values())
    for sink in sinks:
        if sink.labelled:
            if (found := others.get(sink.source)) and found.labelled:
                rows[sink.feature] = _labelled(sink, found.labelled, mask_of)
        elif records := by_topic[sink.topic]:
            rows[sink.feature], bad_rows = _rows(sink, records, mask_of)
            bad += bad_rows
    return Batch(
        transactions=[row for _, row in transactions],
        others={topic: found.rows for topic, found in others.items() if found.rows},
        extents={
            TRANSACTION_TOPIC: extents_of(transactions, TRANSACTION.time),
            **{topic: found.extents for topic, found in others.items()},
        },
        sinks=rows,
        quarantined=[_bad_row(found, mask_of) for found in quarantined],
        elsewhere=[_bad_row(row, mask_of) for found in others.values() for row in found.invalid],
        bad=bad,
        lag=lag,
        recreated=recreated,
        written=written,
        past=past,
        error=error,
    )


def _bad_row(found: Quarantined, mask_of: MaskOf) -> BadRow:
    record = RecordView.of(found.record, mask_of(found.record.topic))
    return BadRow(record, found.kind, found.reason)


def _rows(
    sink: SinkTopic[Any], records: list[Record], mask_of: MaskOf
) -> tuple[Sequence[Any], int]:
    """Return the rows of a sink topic, and the number of records that could not be decoded."""
    if sink.since is not None:
        records = [record for record in records if record.timestamp_ms >= sink.since * 1000]
    if sink.columns:
        own = [(record, values(record.value, sink.columns)) for record in records]
        good = [(record, row) for record, row in own if row is not None]
        bad = len(own) - len(good)
    else:
        good, unreadable = decode_with_records(sink.kind, records)
        bad = len(unreadable)
    if not sink.with_record:
        return [row for _, row in good], bad
    return [_placed(record, row, mask_of) for record, row in good], bad


def _labelled(
    sink: SinkTopic[Values], found: Sequence[tuple[Record, Any]], mask_of: MaskOf
) -> Sequence[WithRecord[Values]]:
    """Return records of a source that are labelled as fraud, with a value per column."""
    return [_placed(record, row_values(row, sink.columns), mask_of) for record, row in found]


def _placed(record: Record, row: RowT, mask_of: MaskOf) -> WithRecord[RowT]:
    view = RecordView.of(record, mask_of(record.topic))
    return WithRecord(view.shortened(_LONGEST_ROW), row)
