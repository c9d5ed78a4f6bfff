"""`inspect`: what a topic holds, as the declaration of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from pipeline.errors import ConfigError

from .common import Common, Json, print_json, require_topic, running_kafka, say

if TYPE_CHECKING:
    from pipeline.config import KafkaSettings
    from pipeline.inspection.inspected import Inspection
    from pipeline.kafka.schemas import Schemas

_RECORDS: Final = 100_000
_MOST_RECORDS: Final = 10_000_000


def inspect(
    topic: str,
    /,
    *,
    limit: Annotated[int, Parameter(name=["--limit", "-n"])] = _RECORDS,
    json: Json = False,
    common: Common = Common(),
) -> int:
    """Look at a topic's newest records, and print a `source(...)` for a file of features.

    Its comments say how far the records are out of order, what is null, and what would be invalid.

    Args:
        topic: Name of the topic in Kafka; its records have to be JSON objects, or Avro with a
            schema in the profile's registry.
        limit: How many records to look at.
    """
    from pipeline.inspection.inspected import inspect as inspected
    from pipeline.inspection.pasted import pasted
    from pipeline.kafka.consumer import read_to_end
    from pipeline.model import Last

    if not 0 < limit <= _MOST_RECORDS:
        hint = f"Use a number from 1 to {_MOST_RECORDS:,}."
        raise ConfigError(f"--limit {limit} is not valid.", hint)
    kafka = running_kafka(common)
    require_topic(kafka, topic)
    records = []
    for batch in read_to_end(kafka, topic, start=Last(limit)):
        records += batch
        say(f"reading {topic}: {len(records):,}", over=True)
    say("", over=True)
    found = inspected(topic.removeprefix(kafka.topic_prefix), records, _schemas(kafka))
    if json:
        print_json(_object(found))
    else:
        print(pasted(found))
    return 0


def _schemas(kafka: KafkaSettings) -> Schemas | None:
    if not kafka.registry.url:
        return None
    from pipeline.kafka.schemas import Schemas

    return Schemas(kafka.registry)


def _object(found: Inspection) -> dict[str, Any]:
    source = found.source
    return {
        "topic": source.topic,
        "format": source.format,
        "records": found.records,
        "partitions": found.partitions,
        "key": found.key or None,
        "fields": [
            {
                "name": field.name,
                "type": source.columns[field.name],
                "null_share": field.null_share,
                "distinct": field.distinct,
                "note": field.note,
            }
            for field in found.fields
        ],
        "left_out": [{"name": name, "why": why} for name, why in found.left_out],
        "time": source.time,
        "time_format": source.time_format,
        "out_of_order_seconds": found.disorder.most.total_seconds(),
        "watermark_seconds": source.watermark.total_seconds(),
        "late": found.disorder.late,
        "user": source.user,
        "amount": source.amount,
        "label": source.label,
        "required": list(source.required),
        "invalid": [{"kind": kind, "records": records} for kind, records in found.invalid.items()],
        "invalid_share": found.invalid_share,
    }
