"""Streams in Protobuf, and features over each."""

import ibis

from fraudwatch import feature, source

payments = source(
    topic="protobuf-payments",
    format="protobuf",
    message="shop.Payment",
    proto="payment.proto",
    schema={
        "booked_at": "timestamp(3)",
        "account": "string",
        "amount": "float64",
        "channel": "string",
        "chargeback": "boolean",
        "fee": "int64",
        "first_card": "string",
        "issued": "timestamp(3)",
        "items": "int32",
        "serial": "int64",
        "installments": "int32",
        "score": "float32",
        "change": "int64",
        "second_tag": "string",
        "branch": "int32",
        "tip": "int64",
    },
    paths={
        "fee": "fee.cents",
        "first_card": "cards[0].number",
        "issued": "cards[0].issued",
        "second_tag": "tags[1]",
        "tip": "tip.value",
    },
    time="booked_at",
    watermark="30s",
    user="account",
    amount="amount",
    label="chargeback",
    required=("account",),
)

logins = source(
    topic="protobuf-logins",
    format="protobuf",
    message="shop.Login",
    proto="payment.proto",
    schema={"at_ms": "timestamp(3)", "user": "string"},
    time="at_ms",
    time_format="epoch-ms",
    watermark="30s",
    user="user",
)

# Of broken records, so that it is known that both sides break alike.
garbled = source(
    topic="protobuf-garbled",
    format="protobuf",
    message="shop.Login",
    proto="payment.proto",
    schema={"at_ms": "timestamp(3)", "user": "string"},
    time="at_ms",
    time_format="epoch-ms",
    watermark="1d",
)


def last_hour(rows, time, by):
    """The window of `.over()` per user."""
    return ibis.range_window(
        group_by=rows[by], order_by=rows[time], preceding=ibis.interval(hours=1), following=0
    )


@feature(topic="protobuf_account_spend", source=payments)
def protobuf_spend(payments):
    """Number and greatest amount of an account's payments of the last hour."""
    hour = last_hour(payments, "booked_at", "account")
    return payments.select(
        "account",
        "booked_at",
        most=payments.amount.max().over(hour),
        payments=payments.count().over(hour),
        by_app=payments.count(where=payments.channel == "APP").over(hour),
    )


@feature(topic="protobuf_payments_as_read", source=payments)
def protobuf_as_read(payments):
    """Every column, as Flink reads it."""
    return payments.select(*payments.columns)


@feature(topic="protobuf_logins_as_read", source=logins)
def protobuf_logins(logins):
    """Every column, and the number of logins in the last hour."""
    n = logins.count().over(last_hour(logins, "at_ms", "user"))
    return logins.select(*logins.columns, n=n)


@feature(topic="protobuf_garbled_as_read", source=garbled)
def protobuf_garbled(garbled):
    """Every column of what can be read."""
    return garbled.select(*garbled.columns)
