"""The offsets at which reading partitions starts and ends.

All partitions go into one request per broker: over a slow connection, one request for each of
hundreds of partitions would take most of a minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import (
    OFFSET_INVALID,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from pipeline.model.reading import Last, Reset, Since, Start

from .client import wait_for

_NONE: Final = -1


Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class OffsetRange:
    """The offset at which to start reading a partition, and the partition's end at that time."""

    begin: int
    end: int


class OffsetRequest:
    """A request for the offsets of several topics, whose answers are taken topic by topic.

    Args:
        admin: The client to ask. It has to outlive the answers.
        wanted: Partitions by topic, and where to start in them.
        seconds: Timeout.
    """

    def __init__(
        self,
        admin: AdminClient,
        wanted: Mapping[str, tuple[Sequence[int], Start]],
        seconds: float,
    ) -> None:
        self._wanted = wanted
        self._admin = admin
        self._seconds = seconds
        begin_of = {
            (topic, number): start
            for topic, (numbers, start) in wanted.items()
            for number in numbers
        }
        self._earliest = self._ask(
            {
                key: OffsetSpec.earliest()
                for key, start in begin_of.items()
                if start is not Reset.LATEST and not isinstance(start, Since)
            }
        )
        self._latest = self._ask(dict.fromkeys(begin_of, OffsetSpec.latest()))
        self._since = self._ask(
            {
                key: OffsetSpec.for_timestamp(start.timestamp_ms)
                for key, start in begin_of.items()
                if isinstance(start, Since)
            }
        )

    def of(self, topic: str) -> dict[Key, OffsetRange]:
        """Wait for the offsets of a topic and return them by partition.

        Raises:
            KafkaException: A broker did not answer, or refused.
        """
        numbers, start = self._wanted[topic]
        try:
            return {(topic, number): self._range((topic, number), start) for number in numbers}
        except KafkaException:
            # The caller may drop the client now, and destroying it while answers are outstanding
            # can abort the process.
            waiting = (*self._earliest.values(), *self._latest.values(), *self._since.values())
            wait(waiting, timeout=self._seconds)
            raise

    def _range(self, key: Key, start: Start) -> OffsetRange:
        high = offset_in(self._latest[key])
        match start:
            case Reset.LATEST:
                begin = high
            case Last(count):
                low = offset_in(self._earliest[key])
                begin = max(low, high - -(-count // len(self._wanted[key[0]][0])))
            case Since():
                found = offset_in(self._since[key])
                begin = high if found == _NONE else found
            case _:
                begin = offset_in(self._earliest[key])
        return OffsetRange(begin, high)

    def _ask(self, specs: Mapping[Key, OffsetSpec]) -> dict[Key, Future[Any]]:
        if not specs:
            return {}
        answers = self._admin.list_offsets(
            {TopicPartition(*key): spec for key, spec in specs.items()},
            # Consumers do not see the records of open transactions.
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=self._seconds,
        )
        return {(part.topic, part.partition): answer for part, answer in answers.items()}


def offset_in(answer: Future[Any]) -> int:
    """Return the offset in an answer.

    Raises:
        KafkaException: The broker does not support the request. The client then answers without an
            error and without an offset.
    """
    offset: int = wait_for(answer).offset
    if offset == OFFSET_INVALID:
        raise KafkaException(KafkaError(KafkaError._UNSUPPORTED_FEATURE))
    return offset
