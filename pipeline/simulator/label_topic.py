"""The topic of labels: created and opened when labels are first held back."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType

from pipeline import contract
from pipeline.config import KafkaSettings
from pipeline.kafka.producer import TransactionProducer
from pipeline.kafka.topics import create_topics

from . import encode
from .held_labels import Label


class LabelTopic:
    """Sends labels to their topic.

    Args:
        kafka: The cluster and its credentials.
        retention_bytes: Size at which a partition of the topic loses its oldest records.
        delivery_timeout: Seconds after which an undelivered label counts as failed.
    """

    def __init__(
        self, kafka: KafkaSettings, retention_bytes: int, *, delivery_timeout: float = 30.0
    ) -> None:
        self._kafka = kafka
        self._retention_bytes = retention_bytes
        self._delivery_timeout = delivery_timeout
        self._opened = ExitStack()
        self._producer: TransactionProducer | None = None

    def __enter__(self) -> LabelTopic:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def open(self) -> TransactionProducer:
        """Create the topic if it does not exist, and return its producer.

        Raises:
            PipelineError: Kafka cannot be reached or refuses, or the topic's name collides with
                that of another.
        """
        if self._producer is None:
            name = self._kafka.topic(contract.LABEL_TOPIC)
            create_topics(self._kafka, [name], retention_bytes=self._retention_bytes)
            self._producer = self._opened.enter_context(
                TransactionProducer(self._kafka, name, delivery_timeout=self._delivery_timeout)
            )
        return self._producer

    def send(self, label: Label) -> None:
        """Queue one label.

        Raises:
            PipelineError: The topic cannot be opened, or an earlier label was not delivered.
        """
        self.open().send(encode.key(label), encode.label_value(label))

    def flush(self, timeout: float) -> None:
        """Wait until all labels are delivered.

        Args:
            timeout: In seconds.

        Raises:
            UnavailableError: A label could not be delivered, or not in time.
        """
        if self._producer is not None:
            self._producer.flush(timeout)
