"""A user's history in Kafka: every topic is keyed by the user's id, so most records are skipped."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pipeline.config import KafkaSettings
from pipeline.contract import TRANSACTION_TOPIC, RollingRow, Transaction, WindowRow
from pipeline.kafka.consumer import BatchConsumer
from pipeline.kafka.records import Record, decode
from pipeline.model.reading import Last, Since, Start
from pipeline.sources.masking import Mask, MaskOf, nothing
from tui.messages import Moment

from .history import HistoryBatch
from .sink_topics import ROLLING, TUMBLING

_TOPICS: Final = (TRANSACTION_TOPIC, ROLLING.topic, TUMBLING.topic)
# Per topic: it takes seconds to read, and covers hours of one user.
PAST_RECORDS: Final = 200_000
PAST: Final = Last(PAST_RECORDS)
_MAX_RECORDS: Final = 20_000
_POLL_SECONDS: Final = 0.1


def start_at(moment: Moment | None) -> Start:
    """Return where to start reading, to see a user at a moment of event time, or now."""
    if moment is None or moment.since_ms is None:
        return PAST
    return Since(moment.since_ms)


class KafkaHistory:
    """Reads a user's past records, then follows the topics.

    Args:
        kafka: The cluster and its credentials.
        user_id: The user's id.
        mask_of: Returns what is hidden in a topic, by its name in Kafka.
        start: Where to start reading.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        user_id: int,
        mask_of: MaskOf = nothing,
        start: Start = PAST,
    ) -> None:
        self._mask = mask_of(kafka.topic(TRANSACTION_TOPIC))
        self._key = str(user_id).encode()
        self._topics = {kafka.topic(name): name for name in _TOPICS}
        self._consumer = BatchConsumer(kafka, tuple(self._topics), start)

    def poll(self) -> HistoryBatch:
        """Return the user's records among those that arrived since the last poll."""
        records = self._consumer.poll(_MAX_RECORDS, _POLL_SECONDS)
        mine: dict[str, list[Record]] = {topic: [] for topic in _TOPICS}
        for record in records:
            if record.key == self._key:
                mine[self._topics[record.topic]].append(record)
        return HistoryBatch(
            transactions=[
                as_shown(row, self._mask) for row in decode(Transaction, mine[TRANSACTION_TOPIC])[0]
            ],
            means=decode(RollingRow, mine[ROLLING.topic])[0],
            windows=decode(WindowRow, mine[TUMBLING.topic])[0],
            read=len(records),
            lag=self._consumer.lag(),
            recreated=self._consumer.take_recreated(),
            error=self._consumer.error,
        )

    def close(self) -> None:
        self._consumer.close()


def as_shown(row: Transaction, mask: Mask) -> Transaction:
    """Return a transaction as it is shown: with texts for what is hidden."""
    hidden: dict[str, Any] = {name: mask.text(name, getattr(row, name)) for name in mask.fields}
    return msgspec.structs.replace(row, **hidden) if hidden else row
