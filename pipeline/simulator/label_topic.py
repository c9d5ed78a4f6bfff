"""The topic of labels, whose producer is opened with the first label."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType

from pipeline import contract
from pipeline.config import KafkaSettings
from pipeline.kafka.producer import TopicProducer

from . import encode
from .held_labels import HeldLabel


class LabelTopic:
    """Sends labels to their topic, which has to exist by the first one.

    Args:
        kafka: The cluster and its credentials.
        delivery_timeout: Seconds after which an undelivered label counts as failed.
    """

    def __init__(self, kafka: KafkaSettings, *, delivery_timeout: float = 30.0) -> None:
        self._kafka = kafka
        self._delivery_timeout = delivery_timeout
        self._opened = ExitStack()
        self._producer: TopicProducer | None = None

    def __enter__(self) -> LabelTopic:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def send(self, label: HeldLabel) -> None:
        """Queue one label.

        Raises:
            UnavailableError: An earlier label could not be delivered.
        """
        if self._producer is None:
            topic = self._kafka.topic(contract.LABEL_TOPIC)
            self._producer = self._opened.enter_context(
                TopicProducer(self._kafka, topic, delivery_timeout=self._delivery_timeout)
            )
        self._producer.send(encode.key(label), encode.label_value(label))

    def flush(self, timeout: float) -> None:
        """Wait until all labels are delivered.

        Args:
            timeout: In seconds.

        Raises:
            UnavailableError: A label could not be delivered, or not in time.
        """
        if self._producer is not None:
            self._producer.flush(timeout)
