"""What is hidden in which topic, as the sources of a profile's features declare it."""

from __future__ import annotations

from pipeline.config import KafkaSettings, LabelSettings
from pipeline.sources.masking import OPEN, Mask

from .registry import Registry


class Masks:
    """What is hidden in each topic.

    Args:
        features: The features whose sources and sinks have sensitive fields.
        kafka: The cluster, for the names of topics.
        labels: The topics of labels and of verdicts, which name records and users, too.
        show: Whether nothing is hidden.
    """

    def __init__(
        self,
        features: Registry,
        kafka: KafkaSettings,
        labels: LabelSettings,
        *,
        show: bool = False,
    ) -> None:
        self._show = show
        self._by_topic: dict[str, Mask] = {}
        every: set[str] = set()
        for source in features.sources:
            hidden = source.sensitive_fields
            every |= hidden
            topic = kafka.topic(source.topic)
            self._by_topic[topic] = Mask(hidden)
        for feature in features:
            hidden = feature.sensitive
            every |= hidden
            self._by_topic[kafka.topic(feature.topic)] = Mask(hidden)
        # A topic that is not declared may hold a copy of one that is.
        self._other = Mask(frozenset(every), declared=False)
        # They name records and users that may be hidden where they come from.
        identity = any(each.identity in each.sensitive for each in features.sources)
        user = any(each.user in each.sensitive for each in features.sources)
        for topic, fields in (
            (labels.topic, {labels.identity: identity}),
            (labels.verdicts, {"identity": identity, "user": user}),
        ):
            named = {field for field, is_hidden in fields.items() if is_hidden}
            self._by_topic[kafka.topic(topic)] = Mask(frozenset(named | every), declared=False)

    def of(self, topic: str) -> Mask:
        """Return what is hidden in a topic, by its name in Kafka."""
        return OPEN if self._show else self._by_topic.get(topic, self._other)
