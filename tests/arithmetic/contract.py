"""The sentences of the contract, and a case for each."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from pipeline import contract

from .case import Case, Expression, Late, Sent

TIME = contract.TIME_COLUMN


def last(rows: ir.Table, **length: int) -> ir.Value:
    """A window of `.over()` per user."""
    return ibis.range_window(
        group_by=rows.user_id,
        order_by=rows[TIME],
        preceding=ibis.interval(**length),
        following=0,
    )


def so_far(rows: ir.Table) -> dict[str, Any]:
    return {"group_by": rows.user_id, "order_by": rows[TIME]}


def hours(rows: ir.Table, size: int = 1) -> ir.Table:
    return rows.window_by(rows[TIME]).tumble(size=ibis.interval(hours=size))


def rolling(**aggregates: Callable[[ir.Table], ir.Value]) -> Expression:
    """Aggregates over a user's last hour."""

    def expression(rows: ir.Table) -> ir.Table:
        hour = last(rows, hours=1)
        computed = {name: value(rows).over(hour) for name, value in aggregates.items()}
        return rows.select(TIME, **computed)

    return expression


def in_last_hour(rows: ir.Table) -> ir.Table:
    """The number of a user's transactions in the last hour, with all that identifies its row."""
    return rows.select("user_id", TIME, n=rows.count().over(last(rows, hours=1)))


def without(rows: ir.Table, amount: float) -> ir.Table:
    """The rows, with nulls in the place of an amount."""
    return rows.mutate(amt=rows.amt.nullif(amount))


def window_over_window(rows: ir.Table) -> ir.Table:
    hour = rows.amt.sum().over(last(rows, hours=1))
    rows = rows.select("user_id", TIME, hour=hour)
    return rows.select(TIME, "hour", most=rows.hour.max().over(last(rows, hours=2)))


def amounts_with_nulls(rows: ir.Table) -> ir.Table:
    amount = without(rows, 5.0)
    return hours(amount).agg(
        by=["user_id"],
        sum=ibis._.amt.sum(),
        mean=ibis._.amt.mean(),
        least=ibis._.amt.min(),
        kinds=ibis._.amt.nunique(),
        values=ibis._.amt.count(),
        rows=ibis._.count(),
    )


def by_category(rows: ir.Table) -> ir.Table:
    rows = rows.mutate(key=rows.category.nullif("none"))
    return hours(rows).agg(by=["key"], n=ibis._.count())


def exact(rows: ir.Table) -> ir.Table:
    rows = rows.mutate(exact=rows.amt.cast("decimal(12,2)"))
    return rows.select(TIME, sum=rows.exact.sum().over(last(rows, hours=1)))


def parts_of_time(rows: ir.Table) -> ir.Table:
    time = rows[TIME]
    return rows.select(TIME, hour=time.hour(), day=time.date(), weekday=time.day_of_week.index())


CASES: dict[str, Case] = {
    "bounds": Case(
        "Both bounds of a range window are inclusive: a transaction that is exactly an hour old is "
        "in a window of an hour.",
        rolling(n=lambda rows: rows.count()),
        (Sent("09:00:00"), Sent("10:00:00"), Sent("11:00:01")),
        (("09:00:00", 1), ("10:00:00", 2), ("11:00:01", 1)),
    ),
    "itself": Case(
        "A transaction is in its own window.",
        rolling(n=lambda rows: rows.count(), most=lambda rows: rows.amt.max()),
        (Sent("09:00:00", 7.0), Sent("09:30:00", 9.0)),
        (("09:00:00", 1, 7.0), ("09:30:00", 2, 9.0)),
    ),
    "peers": Case(
        "Transactions of a user with the same time are in each other's windows and get the same "
        "result.",
        rolling(n=lambda rows: rows.count(), sum=lambda rows: rows.amt.sum()),
        (Sent("09:00:00", 1.0), Sent("09:30:00", 2.0), Sent("09:30:00", 4.0)),
        (("09:00:00", 1, 1.0), ("09:30:00", 3, 7.0), ("09:30:00", 3, 7.0)),
    ),
    "all_so_far": Case(
        "An aggregate over all rows so far (`ibis.cumulative_window`) also includes those with the "
        "same time.",
        lambda rows: rows.select(
            TIME, sum=rows.amt.sum().over(ibis.cumulative_window(**so_far(rows)))
        ),
        (Sent("09:00:00", 1.0), Sent("19:30:00", 2.0), Sent("19:30:00", 4.0)),
        (("09:00:00", 1.0), ("19:30:00", 7.0), ("19:30:00", 7.0)),
    ),
    "nested": Case(
        "A window over the result of another window sees that result on each of its rows.",
        window_over_window,
        (Sent("09:00:00", 1.0), Sent("09:30:00", 2.0), Sent("11:30:00", 1.0), Sent("11:31:00")),
        (
            ("09:00:00", 1.0, 1.0),
            ("09:30:00", 3.0, 3.0),
            ("11:30:00", 1.0, 3.0),
            ("11:31:00", 2.0, 2.0),
        ),
    ),
    "start_and_end": Case(
        "The start of a window is inclusive and its end is exclusive: a transaction at 10:00:00 "
        "belongs to the hour that begins then.",
        lambda rows: hours(rows).agg(n=ibis._.count()),
        (Sent("09:00:00"), Sent("09:59:59"), Sent("10:00:00")),
        (("09:00:00", "10:00:00", 2), ("10:00:00", "11:00:00", 1)),
    ),
    "aligned": Case(
        "Windows are aligned to the epoch in UTC, so hours begin on the hour and days at midnight.",
        lambda rows: hours(rows, 24).agg(n=ibis._.count()),
        (Sent("00:00:00"), Sent("23:59:59")),
        (("00:00:00", "2024-03-02 00:00:00", 2),),
    ),
    "empty": Case(
        "A window without transactions has no row.",
        lambda rows: hours(rows).agg(by=["user_id"], n=ibis._.count()),
        (Sent("09:00:00"), Sent("12:00:00")),
        (("09:00:00", "10:00:00", 1, 1), ("12:00:00", "13:00:00", 1, 1)),
    ),
    "nulls": Case(
        "Sums, means, extremes and `nunique()` leave nulls out; `.count()` of a column counts the "
        "values that are not null, and `.count()` of the table counts rows.",
        amounts_with_nulls,
        (Sent("09:00:00", 10.0), Sent("09:10:00", 5.0), Sent("09:20:00", 20.0)),
        (("09:00:00", "10:00:00", 1, 30.0, 15.0, 10.0, 2, 2, 3),),
    ),
    "only_nulls": Case(
        "Where all values are null, a count is 0, and a sum, a mean or an extreme is null.",
        amounts_with_nulls,
        (Sent("09:10:00", 5.0),),
        (("09:00:00", "10:00:00", 1, None, None, None, 0, 0, 1),),
    ),
    "null_keys": Case(
        "Nulls in a key form one group.",
        by_category,
        (Sent("09:00:00", category="none"), Sent("09:01:00"), Sent("09:02:00", category="none")),
        (("09:00:00", "10:00:00", None, 2), ("09:00:00", "10:00:00", "gas", 1)),
    ),
    "one_value": Case(
        'The sample standard deviation of a single value is null; with `how="pop"` it is 0.',
        rolling(
            sample=lambda rows: rows.amt.std(), population=lambda rows: rows.amt.std(how="pop")
        ),
        (Sent("09:00:00", 10.0), Sent("09:30:00", 14.0)),
        (("09:00:00", None, 0.0), ("09:30:00", 8.0**0.5, 2.0)),
    ),
    "before_the_first": Case(
        "`lag()` is null in a user's first row.",
        lambda rows: rows.select(TIME, "user_id", before=rows.amt.lag().over(**so_far(rows))),
        (Sent("09:00:00", 5.0), Sent("09:01:00", 6.0, user=2), Sent("19:00:00", 7.0)),
        (("09:00:00", 1, None), ("09:01:00", 2, None), ("19:00:00", 1, 5.0)),
    ),
    "numbered": Case(
        "`row_number()` starts at 0.",
        lambda rows: rows.select(TIME, number=ibis.row_number().over(**so_far(rows))),
        (Sent("09:00:00"), Sent("09:01:00")),
        (("09:00:00", 0), ("09:01:00", 1)),
    ),
    # Flink gives each of the two the one before the second.
    "ties": Case(
        "The order of a user's transactions with the same time is undefined: where `lag()`, "
        "`first()`, `last()`, `rank()`, `row_number()` or a window of a number of rows depends on "
        "it, `verify` says `? not judged` instead of `✗ wrong`.",
        lambda rows: rows.select(TIME, before=rows[TIME].lag().over(**so_far(rows))),
        (Sent("09:00:00"), Sent("09:30:00"), Sent("09:30:00"), Sent("10:00:00")),
        (
            ("09:00:00", None),
            ("09:30:00", "09:30:00"),
            ("09:30:00", "09:30:00"),
            ("10:00:00", "09:30:00"),
        ),
        judged=False,
    ),
    "decimals": Case(
        "Sums, differences, products and extremes of decimals are exact, and `verify` compares "
        "them exactly.",
        exact,
        (Sent("09:00:00", 1e9), Sent("09:30:00", 0.1), Sent("10:30:00", 0.2)),
        (
            ("09:00:00", Decimal(10**9)),
            ("09:30:00", Decimal("1000000000.10")),
            ("10:30:00", Decimal("0.30")),
        ),
    ),
    "zero": Case(
        "A float divided by zero is infinite, and zero divided by zero is not a number; "
        "`.nullif(0)` on the divisor makes it null.",
        lambda rows: rows.select(
            TIME,
            quotient=rows.amt / (rows.amt - rows.amt),
            none=(rows.amt - rows.amt) / (rows.amt - rows.amt),
            null=rows.amt / (rows.amt - 5.0).nullif(0),
        ),
        (Sent("09:00:00", 5.0), Sent("09:01:00", 10.0)),
        (
            ("09:00:00", float("inf"), float("nan"), None),
            ("09:01:00", float("inf"), float("nan"), 2.0),
        ),
    ),
    "whole": Case(
        "`/` of whole numbers is not rounded, `//` rounds down, and `%` has the sign of the "
        "dividend.",
        lambda rows: rows.select(
            TIME, half=rows.user_id / 2, lower=rows.user_id // 2, rest=rows.user_id % 2
        ),
        (Sent("09:00:00", user=3), Sent("09:01:00", user=-3)),
        (("09:00:00", 1.5, 1, 1), ("09:01:00", -1.5, -2, -1)),
    ),
    "dropped_fraction": Case(
        "A cast of a float or a decimal to a whole number drops the fraction.",
        lambda rows: rows.select(
            TIME,
            whole=rows.amt.cast("int64"),
            cents=rows.amt.cast("decimal(12,2)").cast("int32"),
            sum=rows.amt.cast("int64").sum().over(last(rows, hours=1)),
        ),
        (Sent("09:00:00", 1.75), Sent("09:01:00", 2.5), Sent("09:02:00", -1.75)),
        (("09:00:00", 1, 1, 1), ("09:01:00", 2, 2, 3), ("09:02:00", -1, -1, 2)),
    ),
    "shares": Case(
        "A mean of whole numbers or of truth values is a float, so a mean of `amt > 100` is a "
        "share.",
        rolling(
            share=lambda rows: (rows.amt > 100).mean(),
            mean=lambda rows: rows.user_id.mean(),
            spread=lambda rows: (rows.amt > 100).ifelse(1, 0).std(how="pop"),
        ),
        (Sent("09:00:00", 500.0, 3), Sent("09:01:00", 1.0, 3)),
        (("09:00:00", 1.0, 3.0, 0.0), ("09:01:00", 0.5, 3.0, 0.5)),
    ),
    "sums_of_small_numbers": Case(
        "A sum of whole numbers has 64 bits, however small they are.",
        rolling(
            large=lambda rows: (rows.amt > 100).sum(),
            sum=lambda rows: rows.amt.cast("int32").sum(),
        ),
        (Sent("09:00:00", 9e8), Sent("09:01:00", 9e8), Sent("09:02:00", 9e8)),
        (
            ("09:00:00", 1, 900_000_000),
            ("09:01:00", 2, 1_800_000_000),
            ("09:02:00", 3, 2_700_000_000),
        ),
    ),
    "choices": Case(
        "A number that a condition chooses, as in `ifelse(1, 0)`, can be a column.",
        lambda rows: rows.select(
            TIME,
            large=(rows.amt > 100).ifelse(1, 0),
            kind=rows.category.cases(("gas", 1), ("pets", 2), else_=0),
        ),
        (Sent("09:00:00", 500.0), Sent("09:01:00", 1.0, category="pets")),
        (("09:00:00", 1, 1), ("09:01:00", 0, 2)),
    ),
    "truth_as_text": Case(
        "A truth value is the text TRUE or FALSE.",
        lambda rows: rows.select(TIME, large=(rows.amt > 100).cast("string")),
        (Sent("09:00:00", 500.0), Sent("09:01:00", 1.0)),
        (("09:00:00", "TRUE"), ("09:01:00", "FALSE")),
    ),
    "extracted": Case(
        "`re_extract()` is null where nothing matches.",
        lambda rows: rows.select(TIME, net=rows.category.re_extract("_(net|pos)$", 1)),
        (Sent("09:00:00", category="shopping_net"), Sent("09:01:00", category="home")),
        (("09:00:00", "net"), ("09:01:00", None)),
    ),
    "greatest_of_nulls": Case(
        "`greatest()` and `least()` are null if any of their values is.",
        lambda rows: rows.select(
            TIME,
            most=ibis.greatest(rows.amt, rows.amt.nullif(1.0), 2.0),
            least=ibis.least(rows.amt, rows.amt.nullif(1.0), 2.0),
        ),
        (Sent("09:00:00", 3.0), Sent("09:01:00", 1.0)),
        (("09:00:00", 3.0, 2.0), ("09:01:00", None, None)),
    ),
    "read_numbers": Case(
        "`try_cast()` of a text to a whole number drops the fraction, and is null for `1e7`.",
        lambda rows: rows.select(TIME, number=rows.category.try_cast("int64")),
        tuple(
            Sent(f"09:0{n}:00", category=text) for n, text in enumerate(("12", "-3", "1e7", "1.5"))
        ),
        (("09:00:00", 12), ("09:01:00", -3), ("09:02:00", None), ("09:03:00", 1)),
    ),
    "deviation_after_large": Case(
        "A standard deviation is never less than 0, and a number also after a large amount has "
        "left the window.",
        lambda rows: rows.select(
            TIME,
            is_small=(rows.amt.std(how="pop").over(last(rows, hours=1)) < 1.0),
        ),
        (Sent("09:00:00", 92_445.64), Sent("10:30:00", 46.28), Sent("12:00:00", 30.25)),
        (("09:00:00", True), ("10:30:00", True), ("12:00:00", True)),
    ),
    "weeks": Case(
        "A week, as in `truncate('W')`, begins on Sunday.",
        lambda rows: rows.select(TIME, week=rows[TIME].truncate("W").strftime("%Y-%m-%d")),
        # A Friday.
        (Sent("00:00:00"), Sent("23:59:59")),
        (("00:00:00", "2024-02-25"), ("23:59:59", "2024-02-25")),
    ),
    "parts_of_time": Case(
        "Hours, days and weekdays are those of the time as it is in the transaction, and DuckDB "
        "and Flink both take it as UTC.",
        parts_of_time,
        (Sent("00:00:00"), Sent("23:59:59")),
        (("00:00:00", 0, "2024-03-01", 4), ("23:59:59", 23, "2024-03-01", 4)),
    ),
}

_NEWER = (
    "A late transaction that is newer than all others of its user may be dropped or get its row, "
    "and `verify` calls neither wrong."
)
LATE: dict[str, Late] = {
    "late_over": Late(
        "`.over()` drops a late transaction if a row of the same user with the same or a later "
        "time was written.",
        in_last_hour,
        (Sent("22:00:00", user=1), Sent("23:00:00", user=1)),
        ((1, "22:00:00", 1), (1, "23:00:00", 2)),
        Sent("22:30:00", user=1),
        False,
        ((1, "2024-03-02 00:30:00", 1),),
    ),
    "late_but_newer": Late(
        _NEWER,
        in_last_hour,
        (Sent("23:00:00", user=2),),
        ((2, "23:00:00", 1),),
        Sent("23:45:00", user=2),
        True,
        ((2, "23:45:00", 2), (2, "2024-03-02 00:30:00", 2)),
    ),
    # At 23:30, Flink has looked for state of 22:00 to clear, and takes that for a row.
    "late_and_newer": Late(
        _NEWER,
        in_last_hour,
        (Sent("22:00:00", user=3), Sent("22:40:00", user=3)),
        ((3, "22:00:00", 1), (3, "22:40:00", 2)),
        Sent("22:45:00", user=3),
        False,
        ((3, "2024-03-02 00:30:00", 1),),
    ),
    "late_window": Late(
        "A window of `window_by` that was written ignores late transactions.",
        lambda rows: hours(rows).agg(n=ibis._.count()),
        (Sent("22:00:00"), Sent("22:30:00")),
        (("22:00:00", "23:00:00", 2),),
        Sent("22:45:00"),
        False,
        (("2024-03-02 00:00:00", "2024-03-02 01:00:00", 1),),
    ),
}
