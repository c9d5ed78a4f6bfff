"""`verify`: is a live feature right? `quarantine`: which records are invalid?"""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pipeline.text.sanitise import sanitised
from pipeline.text.words import counted

from .common import (
    NOT_NEGATIVE,
    Common,
    Json,
    print_json,
    print_table,
    reporter,
    say,
)

if TYPE_CHECKING:
    from pipeline.config import KafkaSettings
    from pipeline.kafka.quarantine import Quarantined
    from pipeline.parity.report import Parity
    from pipeline.sources import Source
    from pipeline.sources.masking import Mask

_VALUE_BYTES = 1_000
Only = Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)]
"""Values of columns that identify rows, as `user_id=7`."""


def verify(
    *names: str,
    only: Only = (),
    json: Json = False,
    common: Common = Common(),
) -> int:
    """Compare live features with their own expressions, evaluated in batch on DuckDB.

    Exit code 0 (✓) when each is proved right, 1 (✗) when a row is missing or different, 6 (?) when
    one cannot be judged: nothing is final yet, the job does not run or lags, or results depend on
    an unknown order of arrival.

    Args:
        names: The features; all of them without a name.
        only: A value that rows have in a column that identifies them, as `--only user_id=7`; may
            be repeated. Those rows are shown in full, also if they are equal: what is expected,
            what was found, and the records that they are computed from.
    """
    from pipeline.parity.chosen import typed
    from pipeline.parity.report import render, render_rows
    from pipeline.proof import Outcome
    from pipeline.stack.runtime import Runtime

    wanted = values_of(only)
    runtime = Runtime(common.settings)
    features = runtime.chosen(names)
    for feature in features if wanted else ():
        typed(feature, wanted)
    results = [
        runtime.verify(feature.name, reporter(feature.name, over=True), wanted)
        for feature in features
    ]
    say("", over=True)
    if json:
        print_json([_parity_object(parity) for parity in results])
    else:
        print(render(results, examples=not only))
        for parity in results if only else ():
            print(render_rows(parity) or f"  {parity.name}: no such row, found or expected")
    return Outcome.of_all(parity.outcome for parity in results).exit_code


def values_of(given: Sequence[str]) -> dict[str, str]:
    """Return the values of `Only`, by column."""
    from pipeline.errors import InputError

    values: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise InputError(
                f"--only {text} names no value.", "Give a column and a value, as user_id=7."
            )
        if values.setdefault(name, value) != value:
            raise InputError(
                f"--only gives {name} two values: {values[name]} and {value}.",
                "No row has both: give one.",
            )
    return values


def quarantine(
    *,
    limit: Annotated[int, Parameter(name=["--limit", "-n"], validator=NOT_NEGATIVE)] = 1_000,
    json: Json = False,
    common: Common = Common(),
) -> int:
    """List the invalid records of the streams that features read.

    They are counted by kind, and the newest are shown with their coordinates. No feature sees them.

    Args:
        limit: Number of the newest records to show.
    """
    from pipeline.formats.decoders import decoder_of
    from pipeline.kafka.quarantine import validate_rows
    from pipeline.kafka.read_to_end import read_to_end
    from pipeline.kafka.readable import Readable
    from pipeline.stack.runtime import Runtime

    kinds: Counter[str] = Counter()
    newest: list[Quarantined] = []
    read = 0
    runtime = Runtime(common.settings)
    kafka = runtime.running_kafka()
    sources = _there(kafka, runtime.features.sources)
    for source in sources:
        topic = kafka.topic(source.topic)
        decoder = decoder_of(source, kafka)
        latest: deque[Quarantined] = deque(maxlen=limit)
        for batch in read_to_end(kafka, topic):
            read += len(batch)
            _, bad = validate_rows(batch, decoder)
            kinds.update(found.kind for found in bad)
            latest.extend(bad)
            say(f"  … reading {topic}: {read:,}", over=True)
        newest.extend(latest)
    say("", over=True)
    if len(sources) > 1:
        newest.sort(key=lambda found: found.record.timestamp_ms)
        newest = newest[max(0, len(newest) - limit) :]
    ordered = dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))
    if json:
        shown = Readable(kafka, sources).all(found.record for found in newest)
        records = [
            _quarantined_object(replace(found, record=record), runtime.mask_of(found.record.topic))
            for found, record in zip(newest, shown, strict=True)
        ]
        total = sum(kinds.values())
        print_json({"read": read, "total": total, "kinds": ordered, "records": records})
        return 0
    if not kinds:
        print(f"{counted(read, 'record')}, all of them valid." if read else "No records.")
        return 0
    print_table(("KIND", "RECORDS"), [(kind, f"{n:,}") for kind, n in ordered.items()], right=(1,))
    header: tuple[str, ...] = ("PARTITION", "OFFSET", "KIND", "REASON")
    rows: list[tuple[str, ...]] = [
        (str(found.record.partition), str(found.record.offset), found.kind, found.reason)
        for found in newest
    ]
    if len(sources) > 1:
        header = ("TOPIC", *header)
        rows = [(found.record.topic, *row) for found, row in zip(newest, rows, strict=True)]
    print()
    numbers = (header.index("PARTITION"), header.index("OFFSET"))
    print_table(header, [[sanitised(cell) for cell in row] for row in rows], right=numbers)
    if len(newest) < sum(kinds.values()):
        print(f"The newest {len(newest):,} of {sum(kinds.values()):,}.", file=sys.stderr)
    return 0


def _there(kafka: KafkaSettings, sources: Sequence[Source]) -> Sequence[Source]:
    """The streams of the profile's features whose topics exist; all of them if none does."""
    from pipeline.kafka.topics import topic_names

    known = set(topic_names(kafka))
    return [source for source in sources if kafka.topic(source.topic) in known] or sources


def _quarantined_object(found: Quarantined, mask: Mask) -> dict[str, object]:
    from pipeline.kafka.shown import shown

    record = shown(found.record, mask)
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp_ms,
        "kind": found.kind,
        "reason": found.reason,
        "value": None
        if record.value is None
        else record.value[:_VALUE_BYTES].decode(errors="replace"),
    }


def _parity_object(parity: Parity) -> dict[str, object]:
    import msgspec

    fields: dict[str, object] = msgspec.to_builtins(parity)
    outcome = {"proved": parity.proved, "outcome": parity.outcome}
    return {**outcome, "reasons": parity.reasons, **fields}
