"""The condition that makes a record of a source valid; invalid ones are quarantined.

One expression, which runs on Flink before the watermark is computed, and on DuckDB in `verify`. A
single invalid record can do lasting harm: a time in the far future would make all later records
late, an amount of 1e300 or NaN would stay in a user's running sum, and a text of a megabyte would
not fit into a sink topic. `pipeline.kafka.quarantine` checks the same of one record, and says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import and_
from typing import Final

import ibis
import ibis.expr.types as ir

from pipeline import contract
from pipeline.sources import Source, TimeFormat
from pipeline.sources.column_types import is_whole
from pipeline.sources.labels import NO, YES

ARRIVED: Final = "__arrived"
"""Column with the record's Kafka timestamp, in UTC without a time zone."""


def is_valid(table: ir.Table, source: Source) -> ir.BooleanValue:
    """Return whether a row is valid; null where a required column is null.

    Args:
        table: The columns of the source, and `ARRIVED`.
        source: The source.
    """
    time = table[source.time]
    ahead = ibis.interval(days=contract.MOST_AHEAD.days)
    # Its bounds imply that a time is there. Where it is computed, each mention computes it again.
    computed = source.time_format is not TimeFormat.SQL
    there = [name for name in source.required if not (computed and name == source.time)]
    conditions: list[ir.BooleanValue] = [
        *(table[name].notnull() for name in there),
        time >= ibis.timestamp(contract.EARLIEST.isoformat(sep=" ")),
        time <= table[ARRIVED] + ahead,
    ]
    for name, condition in _bounds(table, source):
        required = name in source.required
        conditions.append(condition if required else table[name].isnull() | condition)
    return reduce(and_, conditions)


def _bounds(table: ir.Table, source: Source) -> Iterator[tuple[str, ir.BooleanValue]]:
    """Yield the conditions on single columns, each with the column's name."""
    columns = source.columns
    if source.amount is not None:
        amount = table[source.amount]
        # False for NaN, too.
        yield source.amount, amount >= -contract.MOST_AMOUNT
        yield source.amount, amount <= contract.MOST_AMOUNT
    for name, dtype in columns.items():
        if dtype.startswith("float") and name != source.amount:
            most = contract.MOST_NUMBER
            yield name, (table[name] >= -most) & (table[name] <= most)
    if source.label is not None and is_whole(columns[source.label]):
        yield source.label, table[source.label].isin((0, 1))
    if source.label is not None and columns[source.label] == "string":
        yield source.label, table[source.label].lower().isin(YES + NO)
    for name, dtype in columns.items():
        if dtype == "string":
            yield name, table[name].length() <= contract.MOST_CHARACTERS
