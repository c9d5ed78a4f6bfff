"""Following topics in batches, without a consumer group: no offset is committed."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from typing import Any, Final

from confluent_kafka import (
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaSettings
from pipeline.model import Reset, Start

from .client import (
    NOT_READY,
    client_config,
    describe_error,
    new_consumer,
)
from .offsets import Key, OffsetRange, OffsetRequest
from .records import Record

_log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS: Final = 2.0
_ANSWER_SECONDS: Final = 2.0
_SILENT_SECONDS: Final = 5.0
_BATCHES: Final = {
    "fetch.wait.max.ms": 50,
    "queued.max.messages.kbytes": 16 * 1024,
    "enable.partition.eof": True,
}
_UNCONNECTED: Final = (
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TRANSPORT,
    KafkaError._TIMED_OUT,
)
_GONE: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION)
Parts = Sequence[int]


class BatchConsumer:
    """Reads several topics in batches; survives the loss of the broker.

    A topic that does not exist yet, or is recreated, is read from its beginning once it appears.
    Right after a topic is recreated, records of up to two seconds may be delivered twice; none is
    lost.

    Args:
        kafka: The cluster and its credentials.
        topics: Names of the topics in Kafka.
        start: Where to start in topics that exist now.
    """

    def __init__(self, kafka: KafkaSettings, topics: tuple[str, ...], start: Start) -> None:
        self._topics = list(topics)
        self._start = start
        self._error = ""
        self._asked: dict[str, Future[Any]] = {}
        self._asked_at = float("-inf")
        self._ranges: dict[Key, OffsetRange] = {}
        # Kafka's id of each topic: it changes when a topic is recreated under the same name.
        self._ids: dict[str, str] = {}
        self._appeared_later: set[str] = set()
        # Partitions read to their end, with no record since.
        self._at_end: set[Key] = set()
        self._recreated = False
        self._missing: set[str] = set()
        self._kafka = kafka
        self._admin = AdminClient(client_config(kafka))
        self._consumer = new_consumer(kafka, _BATCHES)
        self._heard_at = time.monotonic()

    def __enter__(self) -> BatchConsumer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._consumer.close()

    @property
    def error(self) -> str:
        """Why nothing can be read; empty when all is well."""
        return self._error

    @property
    def found(self) -> bool:
        """Whether at least one partition is assigned."""
        return bool(self._ranges)

    @property
    def missing(self) -> frozenset[str]:
        """Topics that did not exist at the last metadata request."""
        return frozenset(self._missing)

    def poll(self, max_records: int = 10_000, timeout: float = 0.2) -> list[Record]:
        """Return at most `max_records` records, after at most `timeout` seconds."""
        self._follow_topics()
        if not self._ranges:
            if self._asked:
                wait(self._asked.values(), timeout)
                self._follow_topics()
            else:
                time.sleep(timeout)
        if not self._ranges:
            return []
        records = []
        messages = self._consumer.consume(max_records, timeout)
        if messages:
            self._heard_at = time.monotonic()
        for message in messages:
            error = message.error()
            if error is None:
                record = Record.of(message)
                self._at_end.discard((record.topic, record.partition))
                records.append(record)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._at_end.add((message.topic() or "", message.partition() or 0))
            elif error.code() not in _GONE:
                self._error = describe_error(error)
        if records:
            self._error = ""
        return records

    def take_recreated(self) -> bool:
        """Whether a topic was deleted, and perhaps recreated, since the last call."""
        recreated, self._recreated = self._recreated, False
        return recreated

    def lag(self) -> int:
        """Number of records between the current position and the end of the topics.

        Transaction markers, aborted or open transactions and compacted records occupy offsets
        without being records. So a partition counts as read when the client reports its end, not
        when the offsets are equal.
        """
        lag = 0
        behind = [TopicPartition(*key) for key in self._ranges if key not in self._at_end]
        for part in self._consumer.position(behind):
            offsets = self._ranges[part.topic, part.partition]
            _, high = self._consumer.get_watermark_offsets(part, cached=True)
            # Both are negative before the first record.
            at = part.offset if part.offset >= 0 else offsets.begin
            lag += max(0, (high if high >= 0 else offsets.end) - at)
        return lag

    def has_read_the_past(self) -> bool:
        """Whether all records were read that the partitions held when they were assigned."""
        positions = self._consumer.position([TopicPartition(*key) for key in self._ranges])
        # The position is negative before the first record.
        return bool(positions) and all(
            max(part.offset, offsets.begin) >= offsets.end
            for part in positions
            for offsets in (self._ranges[part.topic, part.partition],)
        )

    def _follow_topics(self) -> None:
        """Request the topics' metadata at intervals, and assign new partitions."""
        now = time.monotonic()
        if not self._asked and now - self._asked_at >= LOOK_AGAIN_SECONDS:
            self._asked_at = now
            # The consumer's own list_topics would block poll, and does not report topic ids.
            self._asked = self._admin.describe_topics(
                TopicCollection(self._topics), request_timeout=_ANSWER_SECONDS
            )
        if self._asked and all(answer.done() for answer in self._asked.values()):
            answers, self._asked = self._asked, {}
            self._error = ""
            self._take_up(self._new_partitions(answers))
            if self._error:
                self._renew()
            elif self._ranges and now - self._heard_at >= _SILENT_SECONDS:
                self._heard_at = now
                self._require_connection()

    def _new_partitions(self, answers: Mapping[str, Future[Any]]) -> dict[str, tuple[str, Parts]]:
        """Return the id and the unassigned partitions of each topic that exists."""
        found: dict[str, tuple[str, Parts]] = {}
        for topic, answer in answers.items():
            # Not raised here: its traceback would form a cycle with the clients, which the garbage
            # collector could then destroy in any thread.
            failure = answer.exception()
            if isinstance(failure, KafkaException):
                if failure.args[0].code() in _GONE:
                    self._forget(topic)
                    self._missing.add(topic)
                else:
                    self._error = describe_error(failure.args[0])
                continue
            description = answer.result()
            self._missing.discard(topic)
            topic_id = str(description.topic_id)
            if self._ids.get(topic, topic_id) != topic_id:
                # librdkafka would continue at the old offset and skip the records before it.
                self._forget(topic)
            # A partition without a leader would block the others; it is assigned once it has one.
            numbers = (part.id for part in description.partitions if part.leader is not None)
            unread = [number for number in numbers if (topic, number) not in self._ranges]
            if unread:
                found[topic] = (topic_id, unread)
        return found

    def _take_up(self, found: Mapping[str, tuple[str, Parts]]) -> None:
        """Assign partitions; those whose offsets are not available yet are retried later."""
        wanted = {topic: (numbers, self._start_in(topic)) for topic, (_, numbers) in found.items()}
        asked = OffsetRequest(self._admin, wanted, _ANSWER_SECONDS)
        for topic, (topic_id, _) in found.items():
            try:
                ranges = asked.of(topic)
            except KafkaException as error:
                if error.args[0].code() in NOT_READY:
                    self._asked_at = float("-inf")
                else:
                    self._error = describe_error(error.args[0])
                continue
            self._consumer.incremental_assign(
                [TopicPartition(*key, offsets.begin) for key, offsets in ranges.items()]
            )
            self._ranges |= ranges
            self._ids[topic] = topic_id
            # Partitions added to it later are new as a whole.
            self._appeared_later.add(topic)

    def _start_in(self, topic: str) -> Start:
        return Reset.EARLIEST if topic in self._appeared_later else self._start

    def _renew(self) -> None:
        """Replace the clients, the consumer only while no partition is assigned.

        A client that lost all connections and reads nothing does not always reconnect.
        """
        self._admin = AdminClient(client_config(self._kafka))
        if not self._ranges:
            self._replace_consumer()

    def _require_connection(self) -> None:
        """Replace a silent consumer that cannot ask Kafka, which has just answered others.

        After all brokers were down, librdkafka does not always connect again: it then reports no
        error, and reads nothing for ever.
        """
        topic, number = next(iter(self._ranges))
        try:
            self._consumer.get_watermark_offsets(
                TopicPartition(topic, number), timeout=_ANSWER_SECONDS
            )
        except KafkaException as error:
            if error.args[0].code() in _UNCONNECTED:
                _log.warning("the consumer is replaced, which Kafka does not answer: %s", error)
                self._replace_consumer()

    def _replace_consumer(self) -> None:
        """Go on at the same positions with a new client."""
        positions = self._consumer.position([TopicPartition(*key) for key in self._ranges])
        self._consumer.close()
        self._consumer = new_consumer(self._kafka, _BATCHES)
        self._at_end.clear()
        # The position is negative before the first record.
        at = {(part.topic, part.partition): part.offset for part in positions}
        self._consumer.incremental_assign(
            [
                TopicPartition(*key, max(at[key], offsets.begin))
                for key, offsets in self._ranges.items()
            ]
        )

    def _forget(self, topic: str) -> None:
        gone = [key for key in self._ranges if key[0] == topic]
        self._consumer.incremental_unassign([TopicPartition(*key) for key in gone])
        self._recreated = self._recreated or bool(gone)
        for key in gone:
            del self._ranges[key]
            self._at_end.discard(key)
        self._ids.pop(topic, None)
        self._appeared_later.add(topic)
