"""Streams in Avro, with and without a schema registry, and features over each."""

import ibis

from fraudwatch import feature, source

transfers = source(
    topic="transfers",
    format="avro-confluent",
    schema={
        "booked_at": "timestamp(3)",
        "account": "string",
        "amount": "decimal(12, 2)",
        "country": "string",
        "chargeback": "boolean",
        "installments": "int16",
        "items": "int64",
        "score": "float64",
        "due": "date",
        "settled_at": "timestamp(3)",
        "channel": "string",
    },
    time="booked_at",
    watermark="30s",
    user="account",
    amount="amount",
    label="chargeback",
    required=("account", "amount"),
)

# Without a registry, these columns are the schema.
visits = source(
    topic="avro-visits",
    format="avro",
    schema={
        "at": "int64",
        "visitor": "int64",
        "seen": "timestamp(3)",
        "page": "string",
        "price": "decimal(9, 3)",
    },
    time="seen",
    time_format="epoch-ms",
    watermark="30s",
    user="visitor",
    required=("visitor",),
)


def last_hour(rows, time, by):
    """The window of `.over()` per user."""
    return ibis.range_window(
        group_by=rows[by], order_by=rows[time], preceding=ibis.interval(hours=1), following=0
    )


@feature(topic="avro_account_spend", source=transfers)
def avro_spend(transfers):
    """Sum and number of an account's transfers of the last hour, and those by a known channel."""
    hour = last_hour(transfers, "booked_at", "account")
    return transfers.select(
        "account",
        "booked_at",
        spent=transfers.amount.sum().over(hour),
        transfers=transfers.count().over(hour),
        by_channel=transfers.channel.count().over(hour),
    )


@feature(topic="avro_transfers_as_read", source=transfers)
def avro_as_read(transfers):
    """Every column, as Flink reads it."""
    return transfers.select(*transfers.columns)


@feature(topic="avro_visits_as_read", source=visits)
def avro_visits(visits):
    """Every column, as Flink reads it, and the number of visits in the last hour."""
    n = visits.count().over(last_hour(visits, "seen", "visitor"))
    return visits.select(*visits.columns, n=n)
