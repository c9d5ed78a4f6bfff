"""A stream whose schema is in a registry, with a feature and a signal over it."""

import ibis

from fraudwatch import feature, signal, source

transfers = source(
    topic="transfers",
    format="avro-confluent",
    schema={
        "booked_at": "timestamp(3)",
        "account": "string",
        "amount": "decimal(12, 2)",
        "reference": "string",
        "chargeback": "boolean",
    },
    time="booked_at",
    watermark="30s",
    user="account",
    amount="amount",
    label="chargeback",
    identity="reference",
    required=("account", "amount"),
)


@feature(topic="account_spend", source=transfers)
def spend(transfers):
    """Number of an account's transfers of the last hour."""
    hour = ibis.range_window(
        group_by=transfers.account,
        order_by=transfers.booked_at,
        preceding=ibis.interval(hours=1),
        following=0,
    )
    return transfers.select("account", "booked_at", transfers=transfers.count().over(hour))


@signal(topic="dear_transfers", threshold=0.5, source=transfers)
def dear(transfers):
    """Large amounts."""
    large = transfers.amount > 500
    return transfers.select(
        "account",
        "booked_at",
        "reference",
        "amount",
        "chargeback",
        score=large.ifelse(0.9, 0.0),
        reasons=large.ifelse("A large amount.", ""),
    )
