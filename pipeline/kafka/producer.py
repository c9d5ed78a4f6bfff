"""An idempotent producer for one topic: records arrive in order and once."""

from __future__ import annotations

from types import TracebackType

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pipeline import contract
from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.text.words import counted

from .client import REQUEST_SECONDS, client_config, reporting, unavailable

_POLL_EVERY = 1000


class TopicProducer:
    """Sends records to one topic.

    Args:
        kafka: The cluster and its credentials.
        topic: Name of the topic in Kafka; the transaction topic when empty.
        delivery_timeout: Seconds after which an undelivered record counts as failed.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        topic: str = "",
        *,
        delivery_timeout: float = 30.0,
    ) -> None:
        self._kafka = kafka
        self._topic = topic or kafka.topic(contract.TRANSACTION_TOPIC)
        self._failure: KafkaError | None = None
        self._since_poll = 0
        self._reached: set[int] = set()
        options = {
            "enable.idempotence": True,
            # As in Java clients, so that a user's transactions and features share a partition
            # number.
            "partitioner": "murmur2_random",
            "compression.type": kafka.compression,
            "linger.ms": 5,
            "queue.buffering.max.messages": 200_000,
            "delivery.timeout.ms": int(delivery_timeout * 1000),
            "on_delivery": self._delivered,
        }
        self._producer = Producer(client_config(kafka) | options)

    @property
    def partitions(self) -> int:
        """Number of partitions of the topic.

        Raises:
            UnavailableError: Kafka cannot be reached.
        """
        with reporting(self._kafka):
            known = self._producer.list_topics(self._topic, timeout=REQUEST_SECONDS)
        return len(known.topics[self._topic].partitions)

    @property
    def reached(self) -> frozenset[int]:
        """Partitions for which at least one delivery was acknowledged."""
        return frozenset(self._reached)

    def __enter__(self) -> TopicProducer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.flush(30.0)
        else:
            self._producer.purge()
            self._producer.flush(1.0)

    def send(self, key: bytes | None, value: bytes) -> None:
        """Queue one record; blocks while the queue is full.

        Records without a key go to any partition.

        Raises:
            UnavailableError: An earlier record could not be delivered, or Kafka lacks idempotent
                writes.
        """
        while True:
            try:
                self._producer.produce(self._topic, value, key)
                break
            except BufferError:
                self._poll(0.1)
                self._raise_failure()
            except KafkaException as error:
                self._raise_failure()
                raise unavailable(self._kafka, error) from error
        self._since_poll += 1
        if self._since_poll >= _POLL_EVERY:
            self._since_poll = 0
            self._poll(0)
        self._raise_failure()

    def flush(self, timeout: float) -> None:
        """Wait until everything is delivered.

        Args:
            timeout: In seconds.

        Raises:
            UnavailableError: A record could not be delivered, or not in time.
        """
        with reporting(self._kafka):
            left = self._producer.flush(timeout)
        self._raise_failure()
        if left:
            raise UnavailableError(
                f"Kafka at {self._kafka.bootstrap} took none of the last {counted(left, 'record')} "
                f"within {timeout:.0f} s.",
                "See whether it runs with `fraudwatch status`.",
            )

    def _poll(self, timeout: float) -> None:
        with reporting(self._kafka):
            self._producer.poll(timeout)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            # The first failure is the cause of the later ones.
            self._failure = self._failure or error
        else:
            self._reached.add(message.partition() or 0)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise unavailable(self._kafka, failure)
