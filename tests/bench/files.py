"""Cost of `fraudwatch replay` of a file: time and memory, next to DuckDB and kcat."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from pipeline import contract
from pipeline.config import Settings
from pipeline.kafka import topics
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime

from . import lines
from .processes import Measured, fraudwatch, measured
from .report import MIB, medians, show
from .transactions import load, number_of_records

ROWS: Final = 1_300_000
_PEER_TOPIC: Final = "lines"
_TOPIC_MIB: Final = 4_096
_DISTINCT: Final = 20_000
_SEED: Final = 20_190_101
_SECONDS: Final = 47_000_000
"""Of event time in the file: a year and a half."""
_KAGGLE: Final = """
    SELECT
        number AS "Unnamed: 0",
        TIMESTAMP '2019-01-01' + to_seconds(second) AS trans_date_trans_time,
        cc_num, merchant, category, amt, first, last,
        if(cc_num % 2 = 0, 'F', 'M') AS gender,
        format('{} Main Street Apt. {}', cc_num % 997, cc_num % 89) AS street,
        'Springfield' AS city, 'MA' AS state, zipcode AS zip,
        42.1015 AS lat, -72.5898 AS long, 35124 AS city_pop,
        'Engineer, civil (consulting)' AS job, dob,
        md5(concat(number, '-', $seed)) AS trans_num,
        -- Seven years behind, as in the public file.
        1325376000 + second AS unix_time,
        round(42.1015 + number % 1000 / 1000, 6) AS merch_lat,
        round(-72.5898 + number % 997 / 1000, 6) AS merch_long,
        is_fraud
    FROM (
        SELECT
            number,
            CAST(hash(number, $seed) % $seconds AS BIGINT) AS second,
            CAST(hash($seed, number) % $distinct AS BIGINT) AS one
        FROM range($count) AS numbers(number)
    )
    JOIN transactions ON transactions.rowid = one
"""


def bench_files(settings: Settings, folder: Path, count: int, rounds: int) -> None:
    """Replay a file of this many rows, and send the same by DuckDB and kcat, alternately."""
    if shutil.which("kcat") is None:
        show("replay of a file", "not measured", "there is no kcat")
        return
    file, written = folder / "transactions.csv", folder / "transactions.jsonl"
    write(file, count)
    runtime = Runtime(msgspec.structs.replace(settings, retention_mib=_TOPIC_MIB))
    runtime.bring_up(simulator=False, jobs=False)
    try:
        taken = medians(
            [
                _replayed(runtime, settings, file, count)
                | _sent_by_others(runtime, file, written, count)
                for _ in range(rounds)
            ]
        )
    finally:
        runtime.close()
    replay, duckdb_alone, kcat = taken["replay"], taken["duckdb"], taken["kcat"]
    peer = duckdb_alone + kcat
    size = file.stat().st_size / MIB
    show(f"DuckDB reads {count:,} rows, sorts, writes JSON", f"{duckdb_alone:.1f} s")
    show("  kcat sends these lines", f"{kcat:.1f} s", f"together {count / peer:,.0f}/s")
    show(
        f"replay of the same file, {size:,.0f} MiB, median of {rounds}",
        f"{replay:.1f} s",
        f"{count / replay:,.0f}/s; goal: 2 × DuckDB and kcat; {replay / peer:.2f} ×",
    )
    show("  most memory meanwhile", f"{taken['peak'] / MIB:,.0f} MiB", "goal: 1,024 MiB")


def write(file: Path, count: int) -> None:
    """Write a CSV file in the Kaggle layout: the same rows each time, in random order of time."""
    generator = Generator()
    some = (generator.next(45.0) for _ in range(_DISTINCT))
    numbers = {"count": count, "seed": _SEED, "seconds": _SECONDS, "distinct": _DISTINCT}
    with duckdb.connect() as connection:
        load(connection, some, file.with_suffix(".some.jsonl"))
        connection.execute(f"COPY ({_KAGGLE}) TO '{file}' (FORMAT CSV)", numbers)


def _replayed(runtime: Runtime, settings: Settings, file: Path, count: int) -> dict[str, float]:
    """Seconds of `replay` into an empty topic, and its largest resident set in bytes."""
    runtime.fresh()
    took = fraudwatch(settings, "replay", str(file))
    _require(runtime, contract.TRANSACTION_TOPIC, count, took)
    return {"replay": took.seconds, "peak": took.peak}


def _sent_by_others(runtime: Runtime, file: Path, written: Path, count: int) -> dict[str, float]:
    """Seconds that DuckDB takes to make sorted JSON lines of the file, and kcat to send them."""
    kafka = runtime.kafka
    topics.delete_topics(kafka, [_PEER_TOPIC])
    topics.create_topics(kafka, [_PEER_TOPIC], retention_bytes=_TOPIC_MIB * MIB)
    made = measured([sys.executable, "-m", lines.__name__, str(file), str(written)])
    sent = measured(["kcat", "-P", "-b", kafka.bootstrap, "-t", _PEER_TOPIC, "-l", str(written)])
    _require(runtime, _PEER_TOPIC, count, made, sent)
    return {"duckdb": made.seconds, "kcat": sent.seconds}


def _require(runtime: Runtime, topic: str, count: int, *commands: Measured) -> None:
    """Raise an error unless these commands ended well, and the topic holds this many records."""
    found = number_of_records(runtime.kafka, topic)
    if found != count or any(command.code for command in commands):
        raise RuntimeError(f"{found:,} of {count:,} records in {topic}: {commands}")
