"""What the topics of labels and verdicts say of records, for commands that judge and train."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from pipeline.config import KafkaSettings, Settings
from pipeline.kafka.read_to_end import read_to_end
from pipeline.kafka.topics import topic_names
from pipeline.labels.known import KnownLabels
from pipeline.labels.label import labels_in
from pipeline.labels.verdict import verdicts_in


def late_labels(settings: Settings, kafka: KafkaSettings) -> Mapping[str, bool]:
    """Return which records are fraud and which are not, by identity, as far as it is known.

    A topic that does not exist says nothing.

    Raises:
        UnavailableError: Kafka cannot be read.
    """
    known, existing = KnownLabels(sys.maxsize), set(topic_names(kafka))
    labels, verdicts = settings.labels.topic, settings.labels.verdicts
    if labels and kafka.topic(labels) in existing:
        for batch in read_to_end(kafka, kafka.topic(labels)):
            known.apply(labels_in(batch, settings.labels), [])
    if verdicts and kafka.topic(verdicts) in existing:
        for batch in read_to_end(kafka, kafka.topic(verdicts)):
            known.apply([], verdicts_in(batch))
    return known.decided()
