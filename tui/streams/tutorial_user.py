"""The records of one of the tutorial's users: its topics are keyed by the user's id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from pipeline.config import KafkaSettings
from pipeline.contract import TRANSACTION_TOPIC, RollingRow, Transaction, WindowRow
from pipeline.kafka.records import Record, decode
from pipeline.sources.masking import Mask, MaskOf, nothing

from .history import HistoryBatch
from .sink_topics import ROLLING, TUMBLING


class TutorialUser:
    """Finds the records of a user by their key, so that the others need not be decoded.

    Args:
        kafka: The cluster, which says what the topics are called.
        user_id: The user's id.
        mask_of: Returns what is hidden in a topic, by its name in Kafka.
    """

    topics: Final = (TRANSACTION_TOPIC, ROLLING.topic, TUMBLING.topic)

    def __init__(self, kafka: KafkaSettings, user_id: int, mask_of: MaskOf = nothing) -> None:
        self._mask = mask_of(kafka.topic(TRANSACTION_TOPIC))
        self._key = str(user_id).encode()

    def batch(self, records: Mapping[str, Sequence[Record]]) -> HistoryBatch:
        mine = {
            topic: [record for record in records.get(topic, ()) if record.key == self._key]
            for topic in self.topics
        }
        return HistoryBatch(
            transactions=[
                as_shown(row, self._mask) for row in decode(Transaction, mine[TRANSACTION_TOPIC])[0]
            ],
            means=decode(RollingRow, mine[ROLLING.topic])[0],
            windows=decode(WindowRow, mine[TUMBLING.topic])[0],
        )


def as_shown(row: Transaction, mask: Mask) -> Transaction:
    """Return a transaction as it is shown: with texts for what is hidden."""
    hidden: dict[str, Any] = {name: mask.text(name, getattr(row, name)) for name in mask.fields}
    return msgspec.structs.replace(row, **hidden) if hidden else row
