"""Features of two streams each, joined by time; one for each way that has a catch.

Their partitions are never idle, so that what is late does not depend on how fast they are read.
"""

import ibis

from fraudwatch import feature, source

transfers = source(
    topic="joined-transfers",
    schema={
        "at": "timestamp(3)",
        "number": "int64",
        "account": "string",
        "amount": "decimal(12, 2)",
        "bank": "int32",
    },
    time="at",
    time_format="iso",
    watermark="30s",
    idle="1h",
    user="account",
    amount="amount",
    required=("number", "account", "amount"),
    sensitive=("account",),
)

# Its time has the name of the other's, and times are written in another way.
sessions = source(
    topic="joined-sessions",
    schema={
        "at": "timestamp(3)",
        "account": "string",
        "bank": "int32",
        "device": "string",
        "risk": "float64",
    },
    time="at",
    time_format="epoch-ms",
    watermark="1min",
    idle="1h",
    user="account",
    required=("account",),
    sensitive=("device",),
)


@feature(topic="joined_after_session", source=(transfers, sessions))
def after_session(transfers, sessions):
    """Every transfer with the sessions of its account that began in the ten minutes before it."""
    pairs = transfers.join(
        sessions,
        [
            transfers.account == sessions.account,
            sessions.at.between(transfers.at - ibis.interval(minutes=10), transfers.at),
        ],
    )
    return pairs.select("account", "at", "amount", "device", session_at=sessions.at)


@feature(topic="joined_around_session", source=(transfers, sessions))
def around_session(transfers, sessions):
    """Large transfers around risky sessions, joined from the other side, and what that makes."""
    large = transfers.filter(transfers.amount > 100)
    risky = sessions.filter(sessions.risk > 0.2).select("at", "bank", "account", "risk")
    pairs = risky.join(
        large,
        [
            risky.account == large.account,
            risky.bank == large.bank,
            large.at > risky.at - ibis.interval(hours=2),
            large.at <= risky.at + ibis.interval(seconds=90),
            large.number % 3 != 0,
        ],
    ).select(large.account, large.at, large.number, began=risky.at, risk=risky.risk)
    worth = pairs.mutate(
        weighed=pairs.risk * 2.0, seconds=pairs.at.epoch_seconds() - pairs.began.epoch_seconds()
    )
    return worth.filter(worth.weighed < 1.9)
