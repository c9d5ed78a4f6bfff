"""A stream with arrays as columns, and features that look into them."""

import ibis

from fraudwatch import feature, source

carts = source(
    topic="carts",
    schema={
        "at": "timestamp(3)",
        "account": "string",
        "tags": "array<string>",
        "counts": "array<int64>",
        "codes": "array<int8>",
        "flags": "array<boolean>",
        "ratios": "array<float64>",
    },
    time="at",
    user="account",
    required=("account",),
    paths={"counts": "cart.counts", "ratios": "cart.lines[0].ratios"},
)


@feature(topic="carts_looked_into", source=carts)
def carts_looked_into(carts):
    """What is in the arrays of each record."""
    return carts.select(
        "at",
        "account",
        tags=carts.tags.length(),
        gift=carts.tags.contains("gift"),
        number=carts.tags.contains("1.1"),
        no_tags=carts.tags.isnull(),
        counts=carts.counts.length(),
        three=carts.counts.contains(3),
        code=carts.codes.contains(5),
        codes=carts.codes.length(),
        flagged=carts.flags.contains(True),
        half=carts.ratios.contains(0.5),
    )


@feature(topic="carts_with_gifts", source=carts)
def carts_with_gifts(carts):
    """Number of tags of an account's carts with gifts in the last hour."""
    gifts = carts.filter(carts.tags.contains("gift"))
    hour = ibis.range_window(
        group_by=gifts.account, order_by=gifts.at, preceding=ibis.interval(hours=1), following=0
    )
    return gifts.select("account", "at", tags=gifts.tags.length().sum().over(hour))
