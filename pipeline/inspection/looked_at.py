"""What is looked at: records of a topic, or rows of a file as the records that they would be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.config import KafkaSettings
from pipeline.kafka.read_to_end import read_to_end
from pipeline.kafka.records import Record
from pipeline.model.reading import Last

if TYPE_CHECKING:  # Takes a third of a second to load.
    from pipeline.formats.schemas import Schemas


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows, as JSON in records.

    Attributes:
        name: Name of the topic or the file.
        topic: The topic that a declaration names, without the profile's prefix.
        records: The rows; in each partition in their order.
        file: What is known of the file; None for a topic.
        schemas: The registry with the schemas of their values; None if the profile has none.
    """

    name: str
    topic: str
    records: Sequence[Record]
    file: FileRows | None = None
    schemas: Schemas | None = None

    @property
    def one(self) -> str:
        """What one of them is called."""
        return "record" if self.file is None else "row"


@dataclass(frozen=True, slots=True)
class FileRows:
    """What is known of the rows of a file.

    Attributes:
        layout: The known layout that its header has; empty if it has none.
        unit: The unit in which the records' offsets count them: `line`.
        unread: How many could not even be separated, by the reason.
        example: The first of those, in words; empty if there is none.
        more: Whether there may be more than were read.
    """

    layout: str
    unit: str
    unread: dict[str, int]
    example: str
    more: bool


def of_topic(kafka: KafkaSettings, topic: str, most: int, report: Callable[[int], None]) -> Rows:
    """Read the newest records of a topic.

    Args:
        kafka: The cluster.
        topic: Name of the topic in Kafka.
        most: How many records to read.
        report: Called with the number of records so far; what it raises ends the reading.
    """
    records: list[Record] = []
    for batch in read_to_end(kafka, topic, start=Last(most)):
        records += batch
        report(len(records))
    return Rows(topic, topic.removeprefix(kafka.topic_prefix), records, schemas=_schemas(kafka))


def _schemas(kafka: KafkaSettings) -> Schemas | None:
    if not kafka.registry.url:
        return None
    from pipeline.formats.schemas import Schemas

    return Schemas(kafka.registry)
