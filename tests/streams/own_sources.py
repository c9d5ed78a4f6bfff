"""Streams as people declare them, and features over each; one for each way that has a catch."""

import ibis

from fraudwatch import feature, source

payments = source(
    topic="payments.v2",
    schema={
        "booked_at": "timestamp(3)",
        "account": "string",
        "amount": "decimal(12, 2)",
        "country": "string",
        "channel": "string",
        "chargeback": "boolean",
        "settled_at": "timestamp(3)",
        "fee": "decimal(20, 8)",
        "installments": "int16",
        "score": "float64",
        "due": "date",
    },
    time="booked_at",
    time_format="iso",
    watermark="30s",
    user="account",
    amount="amount",
    label="chargeback",
    required=("account", "amount"),
)

logins = source(
    topic="2fa-logins",
    schema={
        "at": "timestamp(3)",
        "who": "bigint",
        "ok": "boolean",
        "sound": "string",
        "stolen": "string",
    },
    time="at",
    time_format="epoch-ms",
    watermark="2min",
    idle="5s",
    user="who",
    label="stolen",
)

# As plain as can be: nobody, no amount, and a watermark below a second.
ticks = source(
    topic="ticks",
    schema={"second": "timestamp", "value": "double"},
    time="second",
    time_format="epoch-s",
    watermark="500ms",
)

# Times as Flink's JSON format reads them itself, and users that may be unknown.
visits = source(
    topic="visits",
    schema={"at": "timestamp(3)", "visitor": "string", "page": "string", "left": "timestamp(3)"},
    time="at",
    watermark="1h",
    user="visitor",
)


def last_hour(rows, time, by):
    """The window of `.over()` per user."""
    return ibis.range_window(
        group_by=rows[by], order_by=rows[time], preceding=ibis.interval(hours=1), following=0
    )


@feature(topic="own_account_spend", source=payments)
def spend(payments):
    """Sum and number of an account's payments of the last hour."""
    hour = last_hour(payments, "booked_at", "account")
    return payments.select(
        "account",
        "booked_at",
        spent=payments.amount.sum().over(hour),
        largest=payments.amount.max().over(hour),
        payments=payments.count().over(hour),
        mean=payments.amount.cast("float64").mean().over(hour),
    )


@feature(topic="own_country_hours", source=payments)
def countries(payments):
    """Payments by country, some of which are unknown, in each hour."""
    hours = payments.window_by(payments.booked_at).tumble(size=ibis.interval(hours=1))
    return hours.agg(
        by=["country"],
        spent=ibis._.amount.sum(),
        fees=ibis._.fee.sum(),
        charged_back=ibis._.count(where=ibis._.chargeback.fill_null(False)),
        accounts=ibis._.account.nunique(),
    )


@feature(topic="own_payments_as_read", source=payments)
def as_read(payments):
    """Every column, as Flink reads it."""
    return payments.select(*payments.columns)


@feature(topic="own_failed_logins", source=logins)
def failed(logins):
    """Failed logins, and how many there were in the last hour."""
    rows = logins.filter(~logins.ok)
    return rows.select("who", "at", "sound", n=rows.count().over(last_hour(rows, "at", "who")))


@feature(topic="own_logins_as_read", source=logins)
def logins_as_read(logins):
    """Every column, as Flink reads it."""
    return logins.select(*logins.columns)


@feature(topic="own_visits_of_pages", source=visits)
def pages(visits):
    """Every visit of a page that is known, and how many the visitor has made in the last hour."""
    rows = visits.filter(visits.page.notnull())
    n = rows.count().over(last_hour(rows, "at", "visitor"))
    return rows.select("at", "visitor", "page", "left", n=n)


@feature(topic="own_ticks_per_minute", source=ticks)
def minutes(ticks):
    """Ticks in each minute."""
    windows = ticks.window_by(ticks.second).tumble(size=ibis.interval(minutes=1))
    return windows.agg(n=ibis._.count(), most=ibis._.value.max())
