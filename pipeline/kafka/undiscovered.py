"""Records in partitions of which a reader does not know yet."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.model.reading import Reset

from .client import client_config, reporting
from .given import Unknown, given
from .leaders import led
from .offsets import OffsetRequest

_ANSWER_SECONDS: Final = 2.0


class Undiscovered:
    """Counts the records in partitions that a reader has not discovered yet.

    Args:
        kafka: The cluster and its credentials.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._admin: AdminClient | None = None

    def records(self, topic: str, discovered: Collection[int]) -> int | None:
        """Return how many records the other partitions hold, as the difference of their offsets.

        Args:
            topic: Name of the topic in Kafka; it need not exist.
            discovered: Numbers of the partitions that the reader knows.

        Returns:
            None where Kafka does not give the offsets. Partitions without a leader are left out,
            since nobody can read them.

        Raises:
            UnavailableError: Kafka cannot be reached.
        """
        try:
            with reporting(self._kafka):
                # Kept, since a console asks every few seconds.
                admin = self._admin or AdminClient(client_config(self._kafka))
                self._admin = admin
                known = admin.list_topics(topic, timeout=_ANSWER_SECONDS).topics[topic]
                others = [number for number in led(known) if number not in discovered]
                if not others:
                    return 0
                wanted = {topic: (others, Reset.EARLIEST)}
                asked = OffsetRequest(admin, wanted, _ANSWER_SECONDS)
                ranges = given(lambda: asked.of(topic))
        except UnavailableError:
            # A client that has lost all connections does not always reconnect.
            self._admin = None
            raise
        if isinstance(ranges, Unknown):
            return None
        return sum(offsets.end - offsets.begin for offsets in ranges.values())
