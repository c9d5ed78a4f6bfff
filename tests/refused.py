"""Expressions that Flink rejects or that `verify` could not compare, and their messages."""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from pipeline.features import Feature

T = "trans_date_trans_time"
Expression = Callable[[ir.Table], ir.Table]


def as_feature(name: str, expression: Expression) -> Feature:
    return Feature(name=name, topic=f"own_{name}", expression=expression)


def hour(rows: ir.Table, **end: int | None) -> ir.Value:
    return ibis.range_window(
        group_by=rows.user_id,
        order_by=rows[T],
        preceding=ibis.interval(hours=1),
        **(end or {"following": 0}),
    )


def hours(rows: ir.Table) -> ir.Table:
    return rows.window_by(rows[T]).tumble(size=ibis.interval(hours=1))


def windows_of_another_time(transaction: ir.Table) -> ir.Table:
    rows = transaction.mutate(later=transaction[T] + ibis.interval(hours=1))
    return rows.window_by(rows.later).tumble(size=ibis.interval(hours=1)).agg(n=rows.count())


def with_others(transaction: ir.Table, on: Callable[[ir.Table], list[ir.BooleanValue]]) -> ir.Table:
    other = transaction.view()
    return transaction.join(other, on(other)).select(
        trans_date_trans_time=transaction[T], user_id=transaction.user_id, other=other.amt
    )


REFUSED: dict[str, tuple[Expression, str]] = {
    "decimal": (
        lambda t: t.select(T, exact=t.amt.cast("decimal(60,2)")),
        "column 'exact' is of type decimal(60, 2), which a sink topic cannot hold",
    ),
    "decimal_mean": (
        lambda t: hours(t).agg(mean=t.amt.cast("decimal(10,2)").mean()),
        "it divides decimals, as a mean does",
    ),
    "array": (
        lambda t: t.select(T, words=t.merchant.split(" ")),
        "column 'words' is of type array",
    ),
    "no_window": (
        lambda t: t.group_by("user_id").agg(n=t.count()),
        "it aggregates without a window",
    ),
    "distinct": (lambda t: t.select(T, "user_id").distinct(), "it aggregates without a window"),
    "descending": (
        lambda t: t.select(
            T,
            n=t.count().over(
                ibis.range_window(
                    group_by=t.user_id,
                    order_by=ibis.desc(t[T]),
                    preceding=ibis.interval(hours=1),
                    following=0,
                )
            ),
        ),
        "is not ordered by transaction.trans_date_trans_time alone, ascending",
    ),
    "other_order": (
        lambda t: t.select(T, before=t.amt.lag().over(order_by=t.amt, group_by=t.user_id)),
        "is not ordered by transaction.trans_date_trans_time alone, ascending",
    ),
    "no_order": (
        lambda t: t.select(T, share=t.amt / t.amt.sum().over(group_by=t.user_id)),
        "is not ordered by transaction.trans_date_trans_time alone, ascending",
    ),
    "future": (
        lambda t: t.select(T, n=t.count().over(ibis.window(group_by=t.user_id, order_by=t[T]))),
        "does not end at the current row",
    ),
    "now": (
        lambda t: t.select(T, t.amt, age=ibis.now().epoch_seconds() - t[T].epoch_seconds()),
        "ibis.now() gives another value each time",
    ),
    "random": (
        lambda t: t.select(T, t.amt, sample=ibis.random()),
        "ibis.random() gives another value each time",
    ),
    "join": (
        lambda t: with_others(t, lambda other: [t.user_id == other.user_id]),
        "it combines tables",
    ),
    "join_in_time": (
        lambda t: with_others(
            t,
            lambda other: [
                t.user_id == other.user_id,
                other[T].between(t[T] - ibis.interval(hours=1), t[T]),
            ],
        ),
        "it combines tables",
    ),
    "asof_join": (
        lambda t: t.asof_join(t.view(), T, predicates="user_id").select(T, "user_id"),
        "it combines tables",
    ),
    "union": (lambda t: t.select(T, "amt").union(t.select(T, "amt")), "it combines tables"),
    "in_others": (
        lambda t: t.filter(t.user_id.isin(t.filter(t.amt > 900).user_id)).select(T, "user_id"),
        "it combines tables",
    ),
    "limit": (lambda t: t.select(T, "user_id").limit(5), "limit() keeps rows by chance"),
    "sample": (lambda t: t.select(T, "user_id").sample(0.5), "sample() keeps rows by chance"),
    "lead": (
        lambda t: t.select(T, after=t.amt.lead().over(group_by=t.user_id, order_by=t[T])),
        "lead() needs rows that follow",
    ),
    "percent_rank": (
        lambda t: t.select(T, rank=ibis.percent_rank().over(group_by=t.user_id, order_by=t[T])),
        "percent_rank() needs rows that follow",
    ),
    "ntile": (
        lambda t: t.select(T, part=ibis.ntile(4).over(group_by=t.user_id, order_by=t[T])),
        "ntile() needs rows that follow",
    ),
    "two_windows": (
        lambda t: t.select(
            T,
            a=t.count().over(hour(t)),
            b=t.count().over(
                ibis.range_window(
                    group_by=t.user_id,
                    order_by=t[T],
                    preceding=ibis.interval(days=1),
                    following=0,
                )
            ),
        ),
        "one select has several windows of .over()",
    ),
    "computed_time": (
        windows_of_another_time,
        "window_by() uses a column other than transaction.trans_date_trans_time",
    ),
    "no_time": (lambda t: t.select("user_id", "amt"), "nothing says when they are final"),
    "changed_time": (
        lambda t: t.select("user_id", trans_date_trans_time=t[T] + ibis.interval(hours=1)),
        "nothing says when they are final",
    ),
    "approximate": (
        lambda t: t.select(T, n=t.merchant.approx_nunique().over(hour(t))),
        "Flink SQL has no approx_nunique() for streams",
    ),
    "concatenated": (
        lambda t: hours(t).agg(by=["user_id"], all=ibis._.merchant.group_concat()),
        "Flink SQL has no group_concat() for streams",
    ),
    "bits": (lambda t: t.select(T, low=t.user_id & 3), "Flink SQL has no & for streams"),
    "shifted": (lambda t: t.select(T, low=t.user_id >> 3), "Flink SQL has no >> for streams"),
    "collected": (
        lambda t: t.select(T, n=t.merchant.collect().over(hour(t)).length()),
        "Flink SQL has no collect() in a window of .over()",
    ),
    "time_as_text": (
        lambda t: t.select(T, at=t[T].cast("string")),
        "it casts a time to a text",
    ),
    "parts_of_match": (
        lambda t: t.select(T, name=t.merchant.re_replace("(a)(b)", r"\2\1")),
        "re_replace() puts parts of the match into the text",
    ),
    "mixed": (
        lambda t: t.select(T, more=t.amt.cast("decimal(12,2)") * 1.5),
        "it computes with a decimal and a float",
    ),
    "day_as_text": (lambda t: t.select(T, day=t[T].strftime("%Y-%j")), "strftime() writes %j"),
    "median": (
        lambda t: hours(t).agg(by=["user_id"], middle=ibis._.amt.median()),
        "Ibis cannot write it as Flink SQL",
    ),
}
