"""The verdicts of analysts: sent to their topic, and read from it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from pipeline.config import KafkaSettings, Settings
from pipeline.errors import UnavailableError
from pipeline.kafka import topics
from pipeline.kafka.producer import TopicProducer
from pipeline.kafka.read_to_end import read_to_end
from pipeline.labels.verdict import Decision, Subject, Verdict, encoded, verdicts_in

from .analyst import analyst

_MIB: Final = 1024 * 1024
_FLUSH_SECONDS: Final = 10.0


def judge(
    settings: Settings, kafka: KafkaSettings, subject: Subject, decision: Decision, note: str
) -> None:
    """Send a verdict, and wait until Kafka has it.

    Args:
        settings: Settings of the profile.
        kafka: The cluster and its credentials.
        subject: The alert that it is on.
        decision: What was decided.
        note: Why, in the analyst's words.

    Raises:
        UnavailableError: The topic does not exist, or Kafka does not take the record.
    """
    topic = kafka.topic(settings.labels.verdicts)
    if topic not in topics.topic_names(kafka):
        if not settings.sandbox:
            raise UnavailableError(
                f"Kafka has no topic {topic}, to which verdicts go.",
                "Create it, or set verdicts in the profile's table labels.",
            )
        topics.create_topics(kafka, [topic], retention_bytes=settings.retention_mib * _MIB)
    verdict = Verdict.of(subject, decision, analyst(settings), time.time(), note)
    with TopicProducer(kafka, topic, delivery_timeout=_FLUSH_SECONDS) as producer:
        producer.send(*encoded(verdict))
        producer.flush(_FLUSH_SECONDS)


def given(settings: Settings, kafka: KafkaSettings) -> Iterator[Verdict]:
    """Return all verdicts in their topic; each partition is in order.

    Raises:
        UnavailableError: Kafka cannot be reached, or has no such topic.
    """
    for batch in read_to_end(kafka, kafka.topic(settings.labels.verdicts)):
        yield from verdicts_in(batch)
