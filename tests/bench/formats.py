"""How fast a job reads a backlog in Avro, next to the same records in JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC
from io import BytesIO
from pathlib import Path
from typing import Final

import fastavro
import msgspec

from pipeline.config import Settings
from pipeline.contract import Transaction
from pipeline.features import Feature
from pipeline.formats.avro.columns import schema
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime

from . import formats_features
from .formats_features import avro_as_read, json_as_read
from .report import medians, seconds_until, show
from .transactions import Keyed, number_of_records, records, send

RECORDS: Final = 300_000
_LOOK_SECONDS: Final = 0.1


def bench_formats(settings: Settings, count: int, rounds: int) -> None:
    """Run the same feature over this many records in each format, in alternating order."""
    own = Path(formats_features.__file__)
    runtime = Runtime(msgspec.structs.replace(settings, features=(own,)))
    runtime.bring_up(simulator=False, jobs=False)
    both = (json_as_read, avro_as_read)
    try:
        runtime.fresh()
        generator = Generator()
        rows = [generator.next(7.2) for _ in range(count)]
        send(runtime.kafka, records(rows), json_as_read.source.topic)
        send(runtime.kafka, in_avro(rows), avro_as_read.source.topic)
        taken = medians(
            [
                {each.name: _seconds(runtime, each, count) for each in both[:: (-1) ** number]}
                for number in range(rounds)
            ]
        )
    finally:
        runtime.close()
    json, avro = (count / taken[each.name] for each in both)
    show(f"a job reads {count:,} records in JSON, median of {rounds}", f"{json:,.0f}/s")
    show("  the same in Avro", f"{avro:,.0f}/s", f"goal: 0.8 × JSON; {avro / json:.2f} ×")


def in_avro(rows: Iterable[Transaction]) -> Iterator[Keyed]:
    """Transactions as Avro without the id of a schema, with the keys of their topic."""
    written = fastavro.parse_schema(schema(avro_as_read.source))
    for row in rows:
        data = BytesIO()
        time = row.trans_date_trans_time.replace(tzinfo=UTC)
        values = msgspec.structs.asdict(row) | {"trans_date_trans_time": time}
        fastavro.schemaless_writer(data, written, values)
        yield encode.key(row), data.getvalue()


def _seconds(runtime: Runtime, feature: Feature, count: int) -> float:
    """Seconds from when the job runs until its sink, which was empty, has all its rows."""
    runtime.fresh()
    runtime.start_job(feature.name)
    topic = runtime.kafka.topic(feature.topic)
    taken = seconds_until(
        lambda: number_of_records(runtime.kafka, topic) >= count, every=_LOOK_SECONDS
    )
    runtime.stop_job(feature.name, discard=True)
    return taken
