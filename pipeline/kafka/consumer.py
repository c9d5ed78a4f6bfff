"""Following topics in batches, without a consumer group: no offset is committed."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import Any, Final

from confluent_kafka import (
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaSettings
from pipeline.model.reading import Reset, Start

from .client import (
    NOT_READY,
    client_config,
    describe_error,
    new_consumer,
)
from .closing import close
from .offsets import Key, OffsetRange, OffsetRequest
from .records import Record
from .standstill import Standstill

_log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS: Final = 2.0
_ANSWER_SECONDS: Final = 2.0
_BATCHES: Final = {
    "fetch.wait.max.ms": 50,
    "queued.max.messages.kbytes": 16 * 1024,
    "enable.partition.eof": True,
}
_GONE: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION)
Parts = Sequence[int]


class BatchConsumer:
    """Reads several topics in batches; survives the loss of the broker.

    A topic that does not exist yet, or is recreated, is read from its beginning once it appears.
    All others are then read again from `start`, for those who forget every record when one topic is
    recreated. Right after that, records of up to two seconds may be delivered twice; none is lost.

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
        # Behind the last record, or the end that the client has reported.
        self._at: dict[Key, int] = {}
        # Partitions read to their end, with no record since.
        self._at_end: set[Key] = set()
        self._standstill = Standstill()
        self._looked_at = time.monotonic()
        self._waited = False
        # Whether the client has read a topic that was recreated.
        self._outdated = False
        self._recreated = False
        self._missing: set[str] = set()
        self._kafka = kafka
        self._admin = AdminClient(client_config(kafka))
        self._consumer = new_consumer(kafka, _BATCHES)

    def __enter__(self) -> BatchConsumer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        close(self._consumer)

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
        self._waited = self._waited or len(messages) < max_records
        for message in messages:
            error = message.error()
            if error is None:
                record = Record.of(message)
                key = (record.topic, record.partition)
                self._at[key] = record.offset + 1
                self._at_end.discard(key)
                records.append(record)
            elif error.code() == KafkaError._PARTITION_EOF:
                key = (message.topic() or "", message.partition() or 0)
                self._at[key] = max(self._at.get(key, 0), message.offset() or 0)
                self._at_end.add(key)
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
        for key in self._ranges.keys() - self._at_end:
            _, high = self._consumer.get_watermark_offsets(TopicPartition(*key), cached=True)
            # Negative before the first record.
            end = high if high >= 0 else self._ranges[key].end
            lag += max(0, end - self._read_to(key))
        return lag

    def has_read_the_past(self) -> bool:
        """Whether all records were read that the partitions held when they were assigned."""
        return bool(self._ranges) and all(
            self._read_to(key) >= offsets.end for key, offsets in self._ranges.items()
        )

    def _read_to(self, key: Key) -> int:
        return self._at.get(key, self._ranges[key].begin)

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
            elif self._ranges and now - self._looked_at >= self._standstill.seconds:
                self._looked_at = now
                self._require_progress()

    def _new_partitions(self, answers: Mapping[str, Future[Any]]) -> dict[str, tuple[str, Parts]]:
        """Return the id and the unassigned partitions of each topic that exists."""
        there: dict[str, Any] = {}
        gone: list[str] = []
        for topic, answer in answers.items():
            # Not raised here: its traceback would form a cycle with the clients, which the garbage
            # collector could then destroy in any thread.
            failure = answer.exception()
            if isinstance(failure, KafkaException):
                if failure.args[0].code() in _GONE:
                    gone.append(topic)
                    self._missing.add(topic)
                else:
                    self._error = describe_error(failure.args[0])
                continue
            description = answer.result()
            self._missing.discard(topic)
            there[topic] = description
            topic_id = str(description.topic_id)
            if self._ids.get(topic, topic_id) != topic_id:
                # librdkafka would continue at the old offset and skip the records before it.
                gone.append(topic)
        for topic in gone:
            self._forget(topic)
        found: dict[str, tuple[str, Parts]] = {}
        for topic, description in there.items():
            # A partition without a leader would block the others; it is assigned once it has one.
            numbers = (part.id for part in description.partitions if part.leader is not None)
            unread = [number for number in numbers if (topic, number) not in self._ranges]
            if unread:
                found[topic] = (str(description.topic_id), unread)
        return found

    def _take_up(self, found: Mapping[str, tuple[str, Parts]]) -> None:
        """Assign partitions; those whose offsets are not available yet are retried later."""
        wanted = {topic: (numbers, self._start_in(topic)) for topic, (_, numbers) in found.items()}
        asked = OffsetRequest(self._admin, wanted, _ANSWER_SECONDS)
        new: dict[Key, OffsetRange] = {}
        for topic, (topic_id, _) in found.items():
            try:
                ranges = asked.of(topic)
            except KafkaException as error:
                if error.args[0].code() in NOT_READY:
                    self._asked_at = float("-inf")
                else:
                    self._error = describe_error(error.args[0])
                continue
            new |= ranges
            self._ids[topic] = topic_id
            # Partitions added to it later are new as a whole.
            self._appeared_later.add(topic)
        self._ranges |= new
        if new and self._outdated:
            self._replace_consumer()
        else:
            self._assign(new)

    def _start_in(self, topic: str) -> Start:
        return Reset.EARLIEST if topic in self._appeared_later else self._start

    def _renew(self) -> None:
        """Replace the client that asks; the consumer only while no partition is assigned.

        A client that lost all connections and reads nothing does not always reconnect.
        """
        self._admin = AdminClient(client_config(self._kafka))
        if not self._ranges:
            self._replace_consumer()

    def _require_progress(self) -> None:
        """Replace a consumer that does not fetch what is there."""
        at = {key: self._read_to(key) for key in self._ranges}
        waited, self._waited = self._waited, False
        if self._standstill.found(at, self._ends(), waited=waited):
            _log.warning("the consumer is replaced, since it does not fetch what is in its topics")
            self._replace_consumer()

    def _ends(self) -> dict[Key, int]:
        """The present ends of the partitions, as far as Kafka says them."""
        numbers: dict[str, list[int]] = {}
        for topic, number in self._ranges:
            numbers.setdefault(topic, []).append(number)
        wanted = {topic: (of_topic, Reset.LATEST) for topic, of_topic in numbers.items()}
        asked = OffsetRequest(self._admin, wanted, _ANSWER_SECONDS)
        ends: dict[Key, int] = {}
        for topic in wanted:
            with suppress(KafkaException):
                ends |= {key: offsets.end for key, offsets in asked.of(topic).items()}
        return ends

    def _replace_consumer(self) -> None:
        """Go on at the same offsets with a new client."""
        close(self._consumer, patience=0)
        self._consumer = new_consumer(self._kafka, _BATCHES)
        self._outdated = False
        self._at_end.clear()
        self._assign(self._ranges)

    def _assign(self, keys: Iterable[Key]) -> None:
        self._consumer.incremental_assign(
            [TopicPartition(*key, self._read_to(key)) for key in keys]
        )

    def _forget(self, topic: str) -> None:
        """Read a topic from its beginning once it appears; all again if it has been read."""
        if any(key[0] == topic for key in self._ranges):
            self._consumer.incremental_unassign([TopicPartition(*key) for key in self._ranges])
            self._recreated = True
            # librdkafka does not always fetch a recreated topic, of which it remembers another
            # state.
            self._outdated = True
            self._ranges.clear()
            self._at.clear()
            self._at_end.clear()
            self._ids.clear()
            self._appeared_later.clear()
        self._appeared_later.add(topic)
