"""Features as users write them in files of their own, one for each special case."""

import ibis

from fraudwatch import feature


def rolling(rows, **length):
    """A window of `.over()` per user."""
    return ibis.range_window(
        group_by=rows.user_id,
        order_by=rows.trans_date_trans_time,
        preceding=ibis.interval(**length),
        following=0,
    )


def hours(rows):
    """Windows of an hour."""
    return rows.window_by(rows.trans_date_trans_time).tumble(size=ibis.interval(hours=1))


@feature(topic="own_types")
def types(transaction):
    """A column of every type that a topic can have."""
    time = transaction.trans_date_trans_time
    return transaction.select(
        "user_id",
        "trans_date_trans_time",
        "trans_num",
        large=transaction.amt > 500,
        day=time.date(),
        hour=time.hour().cast("int8"),
        minute=time.minute().cast("int16"),
        fraud=transaction.is_fraud,
        card=transaction.cc_num,
        amount=transaction.amt.cast("float32"),
        twice=transaction.amt * 2,
        shop=transaction.merchant.replace("fraud_", ""),
    )


@feature(topic="own_gas_stations")
def gas_stations(transaction):
    """Windows over some of the transactions."""
    gas = transaction.filter(transaction.category == "gas_transport")
    frauds = ibis._.count(where=ibis._.is_fraud == 1)
    return hours(gas).agg(by=["merchant"], spent=ibis._.amt.sum(), frauds=frauds)


@feature(topic="own_cents")
def cents(transaction):
    """Windows over a computed column, grouped by a computed column."""
    rows = transaction.mutate(cents=(transaction.amt * 100).round().cast("int64"))
    return hours(rows).agg(by=["category"], cents=ibis._.cents.sum(), most=ibis._.amt.max())


@feature(topic="own_busy_hours")
def busy_hours(transaction):
    """Some of the windows."""
    return hours(transaction).agg(by=["user_id"], n=ibis._.count()).filter(ibis._.n > 1)


@feature(topic="own_everybody")
def everybody(transaction):
    """Windows without groups."""
    return hours(transaction).agg(spent=ibis._.amt.sum(), users=ibis._.user_id.nunique())


@feature(topic="own_busy_users")
def busy_users(transaction):
    """Some rows of a rolling window."""
    count = transaction.count().over(rolling(transaction, hours=6))
    rows = transaction.select("user_id", "trans_date_trans_time", n=count)
    return rows.filter(rows.n > 2)


@feature(topic="own_nested")
def nested(transaction):
    """A rolling window over another one."""
    mean = transaction.amt.mean().over(rolling(transaction, hours=1))
    rows = transaction.select("user_id", "trans_date_trans_time", "amt", mean=mean)
    total = rows.amt.sum().over(rolling(rows, days=1))
    return rows.select("user_id", "trans_date_trans_time", "mean", total=total)
