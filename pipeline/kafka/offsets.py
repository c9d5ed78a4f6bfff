"""The offsets that reading partitions of topics begins at and ends at.

The brokers are asked about all partitions in one go: on a long way to Kafka, a request for each of
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

from pipeline.model import Last, Reset, Since, Start

from .client import answered

_NONE: Final = -1


Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class OffsetRange:
    """The offset that reading a partition begins at, and the end of the partition at that time."""

    begin: int
    end: int


class OffsetRequest:
    """Offsets that the brokers were asked for; the answers are taken topic by topic.

    Args:
        admin: Asks. It has to outlive the answers.
        wanted: The partitions by topic, and where to begin in them.
        seconds: To wait for the answers.
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
        every = [(topic, number) for topic, (numbers, _) in wanted.items() for number in numbers]
        self._earliest = self._ask(dict.fromkeys(every, OffsetSpec.earliest()))
        self._latest = self._ask(dict.fromkeys(every, OffsetSpec.latest()))
        self._since = self._ask(
            {
                (topic, number): OffsetSpec.for_timestamp(start.timestamp_ms)
                for topic, (numbers, start) in wanted.items()
                if isinstance(start, Since)
                for number in numbers
            }
        )

    def of(self, topic: str) -> dict[Key, OffsetRange]:
        """The offsets of a topic by partition; waits for the answers.

        Raises:
            KafkaException: A broker could not be asked, or does not tell.
        """
        numbers, start = self._wanted[topic]
        try:
            return {(topic, number): self._range((topic, number), start) for number in numbers}
        except KafkaException:
            # Who sees the error may drop the client, and one that is destroyed with answers on
            # their way can take the process along.
            waiting = (*self._earliest.values(), *self._latest.values(), *self._since.values())
            wait(waiting, timeout=self._seconds)
            raise

    def _range(self, key: Key, start: Start) -> OffsetRange:
        low, high = offset_in(self._earliest[key]), offset_in(self._latest[key])
        match start:
            case Reset.LATEST:
                begin = high
            case Last(count):
                begin = max(low, high - -(-count // len(self._wanted[key[0]][0])))
            case Since():
                found = offset_in(self._since[key])
                begin = high if found == _NONE else found
            case _:
                begin = low
        return OffsetRange(begin, high)

    def _ask(self, specs: Mapping[Key, OffsetSpec]) -> dict[Key, Future[Any]]:
        if not specs:
            return {}
        answers = self._admin.list_offsets(
            {TopicPartition(*key): spec for key, spec in specs.items()},
            # A consumer sees no record of a transaction that is still open.
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=self._seconds,
        )
        return {(part.topic, part.partition): answer for part, answer in answers.items()}


def offset_in(answer: Future[Any]) -> int:
    """The offset in an answer.

    Raises:
        KafkaException: The broker was not asked, since it knows no such request; then the client
            gives an answer all the same, without an error and without an offset.
    """
    offset: int = answered(answer).offset
    if offset == OFFSET_INVALID:
        raise KafkaException(KafkaError(KafkaError._UNSUPPORTED_FEATURE))
    return offset
