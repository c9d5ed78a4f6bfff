"""`verify`: is a live feature right? `quarantine`: which records are invalid?"""

from __future__ import annotations

import sys
from collections import Counter, deque
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pipeline.text.sanitise import sanitised
from pipeline.text.words import counted

from .common import (
    Common,
    Json,
    print_json,
    print_table,
    reporter,
    running_kafka,
    say,
)

if TYPE_CHECKING:
    from pipeline.kafka.quarantine import Quarantined
    from pipeline.parity.report import Parity

_VALUE_BYTES = 1_000


def verify(*names: str, json: Json = False, common: Common = Common()) -> int:
    """Compare live features with their own expressions, evaluated in batch on DuckDB.

    Exit code 0 (✓) when each is proved right, 1 (✗) when a row is missing or different, 6 (?) when
    one cannot be judged: nothing is final yet, the job does not run or lags, or results depend on
    an unknown order of arrival.

    Args:
        names: The features; all of them without a name.
    """
    from pipeline.parity.report import Outcome, render
    from pipeline.stack.runtime import Runtime

    runtime = Runtime(common.settings)
    results = [
        runtime.verify(feature.name, reporter(feature.name, over=True))
        for feature in runtime.features.find(names)
    ]
    say("", over=True)
    if json:
        print_json([_parity_object(parity) for parity in results])
    else:
        print(render(results))
    return Outcome.of_all(parity.outcome for parity in results).exit_code


def quarantine(
    *,
    limit: Annotated[int, Parameter(name=["--limit", "-n"])] = 1_000,
    json: Json = False,
    common: Common = Common(),
) -> int:
    """List the invalid records of the transaction topic.

    They are counted by kind, and the newest are shown with their coordinates. No feature sees them.

    Args:
        limit: Number of the newest records to show.
    """
    from pipeline.contract import TRANSACTION_TOPIC
    from pipeline.kafka.consumer import read_to_end
    from pipeline.kafka.quarantine import validate

    kinds: Counter[str] = Counter()
    newest: deque[Quarantined] = deque(maxlen=max(0, limit))
    read = 0
    kafka = running_kafka(common)
    topic = kafka.topic(TRANSACTION_TOPIC)
    for batch in read_to_end(kafka, topic):
        read += len(batch)
        _, bad = validate(batch)
        kinds.update(found.kind for found in bad)
        newest.extend(bad)
        say(f"  … reading {topic}: {read:,}", over=True)
    say("", over=True)
    ordered = dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))
    if json:
        records = [_quarantined_object(found) for found in newest]
        total = sum(kinds.values())
        print_json({"read": read, "total": total, "kinds": ordered, "records": records})
        return 0
    if not kinds:
        print(f"{counted(read, 'record')}, all of them valid." if read else "No records.")
        return 0
    print_table(("KIND", "RECORDS"), [(kind, f"{n:,}") for kind, n in ordered.items()], right=(1,))
    rows = [
        (str(found.record.partition), str(found.record.offset), found.kind, found.reason)
        for found in newest
    ]
    print()
    header = ("PARTITION", "OFFSET", "KIND", "REASON")
    print_table(header, [[sanitised(cell) for cell in row] for row in rows], right=(0, 1))
    if len(newest) < sum(kinds.values()):
        print(f"The newest {len(newest):,} of {sum(kinds.values()):,}.", file=sys.stderr)
    return 0


def _quarantined_object(found: Quarantined) -> dict[str, object]:
    record = found.record
    return {
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
    outcome = {"proved": parity.proved, "outcome": parity.outcome.label}
    return {**outcome, "reasons": parity.reasons, **fields}
