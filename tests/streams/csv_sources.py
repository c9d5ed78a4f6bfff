"""Streams in CSV, and features over each."""

import ibis

from fraudwatch import feature, source

transfers = source(
    topic="csv-transfers",
    format="csv",
    schema={
        "at": "timestamp(3)",
        "account": "string",
        "amount": "decimal(12, 2)",
        "settled_at": "timestamp(3)",
        "note": "string",
        "big": "int64",
        "num": "int32",
        "small": "int16",
        "tiny": "int8",
        "score": "float64",
        "ratio": "float32",
        "ok": "boolean",
        "day": "date",
        "fee": "decimal(20, 8)",
    },
    time="at",
    user="account",
    amount="amount",
    label="ok",
    required=("account", "amount"),
    sensitive=("note",),
)

# Times that Flink's CSV format reads as text.
sessions = source(
    topic="csv-sessions",
    format="csv",
    separator="\t",
    schema={"who": "int64", "began": "timestamp(3)", "ended": "timestamp(3)", "stolen": "string"},
    time="began",
    time_format="iso",
    user="who",
    label="stolen",
)


@feature(topic="csv_transfers_spent", source=transfers)
def csv_spent(transfers):
    """Sum and number of an account's transfers of the last hour."""
    hour = ibis.range_window(
        group_by=transfers.account,
        order_by=transfers.at,
        preceding=ibis.interval(hours=1),
        following=0,
    )
    return transfers.select(
        "account",
        "at",
        spent=transfers.amount.sum().over(hour),
        transfers=transfers.count().over(hour),
    )


@feature(topic="csv_transfers_as_read", source=transfers)
def csv_transfers_as_read(transfers):
    """Every column, as Flink reads it."""
    return transfers.select(*transfers.columns)


@feature(topic="csv_sessions_as_read", source=sessions)
def csv_sessions_as_read(sessions):
    """Every column, as Flink reads it."""
    return sessions.select(*sessions.columns)
