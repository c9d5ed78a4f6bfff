"""One user's history in Kafka: the past records of a stream and of its features, then new ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Generic, Protocol

from pipeline.config import KafkaSettings
from pipeline.kafka.consumer import BatchConsumer
from pipeline.kafka.records import Record
from pipeline.model.reading import Last, Since, Start
from tui.messages import Moment

from .user_feed import BatchT, BatchT_co

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


class UserRecords(Protocol[BatchT_co]):
    """Finds the records of one user."""

    @property
    def topics(self) -> Sequence[str]:
        """The documented names of the topics that have any."""

    def batch(self, records: Mapping[str, Sequence[Record]]) -> BatchT_co:
        """Return what the records of all users, by topic, say about this one.

        Raises:
            UnavailableError: A schema registry does not answer.
        """


class KafkaHistory(Generic[BatchT]):
    """Reads a user's past records, then follows the topics.

    Args:
        kafka: The cluster and its credentials.
        user: Finds the user's records.
        start: Where to start reading.
    """

    def __init__(
        self, kafka: KafkaSettings, user: UserRecords[BatchT], start: Start = PAST
    ) -> None:
        self._user = user
        self._topics = {kafka.topic(name): name for name in user.topics}
        self._consumer = BatchConsumer(kafka, tuple(self._topics), start)

    def poll(self) -> BatchT:
        """Return the user's records among those that arrived since the last poll.

        Raises:
            UnavailableError: A schema registry does not answer.
        """
        records = self._consumer.poll(_MAX_RECORDS, _POLL_SECONDS)
        by_topic: defaultdict[str, list[Record]] = defaultdict(list)
        for record in records:
            by_topic[self._topics[record.topic]].append(record)
        return replace(
            self._user.batch(by_topic),
            read=len(records),
            lag=self._consumer.lag(),
            recreated=self._consumer.take_recreated(),
            error=self._consumer.error,
        )

    def close(self) -> None:
        self._consumer.close()
