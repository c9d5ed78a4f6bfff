"""Says which topics are gone where a job fails for want of one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.features import Registry
from pipeline.kafka.topics import topic_names
from pipeline.model.jobs import JobStatus

# A failure of Kafka's client in Flink. Of a missing topic it says several things, such as that a
# record has expired.
_OF_KAFKA: Final = re.compile(r"\bapache\.kafka\.")


def explained(
    statuses: Iterable[JobStatus], features: Registry, kafka: KafkaSettings
) -> tuple[JobStatus, ...]:
    """Return statuses with the names of missing topics in the place of what Kafka's client says.

    Args:
        statuses: Of jobs of these features.
        features: The profile's features.
        kafka: The cluster, which is asked only if a job fails for such a reason.
    """
    statuses = tuple(statuses)
    failing = {each.name for each in statuses if _OF_KAFKA.search(each.failure)}
    if not failing:
        return statuses
    try:
        known = set(topic_names(kafka))
    except UnavailableError:
        return statuses
    gone = {
        feature.name: [name for name in map(kafka.topic, feature.topics) if name not in known]
        for feature in features
        if feature.name in failing
    }
    return tuple(
        replace(each, failure=_sentence(names)) if (names := gone.get(each.name)) else each
        for each in statuses
    )


def _sentence(names: list[str]) -> str:
    return (
        f"Kafka has no topic {' and no '.join(names)} any more; create it again, or stop the job "
        "with --discard"
    )
