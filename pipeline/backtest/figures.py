"""The figures of a backtest; each is None where its denominator is 0."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pipeline.signals.quality import share
from pipeline.signals.signal import SCORE

from .scored import AMOUNT, FRAUD, TIME, USER, Scored

EPISODE_HOURS: Final = 24
"""Fraud of a user within these hours of the fraud before it belongs to the same episode."""


class Ratio(msgspec.Struct, frozen=True):
    """A share of a number of cases, with its 95 % interval by Wilson's score.

    Attributes:
        count: The cases for which it holds.
        of: All cases.
        value: The share; None of no cases.
        low: Lower end of the interval.
        high: Upper end.
    """

    count: int
    of: int
    value: float | None
    low: float | None
    high: float | None


class Figures(msgspec.Struct, frozen=True):
    """How well a signal does at one threshold.

    Attributes:
        signal: Its name.
        threshold: The score from which a transaction is an alert.
        transactions: All transactions.
        labelled: Those that have a label; all figures but `alerts` are of these.
        fraud: Those labelled fraud.
        days: Calendar days from the first transaction to the last.
        alerts: Transactions with the threshold's score or more, labelled or not.
        precision: Share of fraud among the labelled alerts.
        recall: Share of the fraud that is an alert.
        f1: Harmonic mean of the two.
        average_precision: Area under the curve of precision over recall, at every threshold.
        alerts_per_day: The alerts, over the days.
        budget: How many alerts a day can be looked at.
        precision_in_budget: Among the highest scores of each day.
        precision_in_budget_by_customer: Among the customers with the highest scores of each day.
        money_caught: Amount of the fraud that is an alert.
        money_missed: Amount of the other fraud.
        customers_caught: Customers with fraud that had an alert on it.
        honest_customers: Customers without fraud that had an alert.
        episodes: Runs of fraud of a user that had an alert, of all.
        first_alert_seconds: From the first fraud of such an episode to its first alert: median.
    """

    signal: str
    threshold: float
    transactions: int
    labelled: int
    fraud: int
    days: int
    alerts: int
    precision: Ratio
    recall: Ratio
    f1: float | None
    average_precision: float | None
    alerts_per_day: float | None
    budget: int
    precision_in_budget: Ratio
    precision_in_budget_by_customer: Ratio
    money_caught: float
    money_missed: float
    customers_caught: Ratio
    honest_customers: Ratio
    episodes: Ratio
    first_alert_seconds: float | None


def ratio(count: int, of: int) -> Ratio:
    """Return a share with its cases and its interval."""
    found = share(count, of)
    if found is None:
        return Ratio(count, of, None, None, None)
    return Ratio(count, of, found.value, found.low, found.high)


def figures(scored: Scored, threshold: float, budget: int) -> Figures:
    """Compute all figures.

    Args:
        scored: The transactions with their scores.
        threshold: The score from which a transaction is an alert.
        budget: How many alerts a day can be looked at.
    """
    table = scored.table
    scored.connection.execute("SET VARIABLE threshold = ?", [threshold])
    alert = f"{SCORE} >= getvariable('threshold')"

    def one(sql: str) -> tuple[Any, ...]:
        row = scored.connection.execute(sql).fetchone()
        assert row is not None
        return row

    (total, labelled, fraud, alerts, true, false, caught, missed, days) = one(
        f"""SELECT count(*), count({FRAUD}), count(*) FILTER ({FRAUD}),
            count(*) FILTER ({alert}), count(*) FILTER ({alert} AND {FRAUD}),
            count(*) FILTER ({alert} AND NOT {FRAUD}),
            coalesce(sum({AMOUNT}) FILTER ({alert} AND {FRAUD}), 0),
            coalesce(sum({AMOUNT}) FILTER (NOT {alert} AND {FRAUD}), 0),
            coalesce(datediff('day', min({TIME}), max({TIME})) + 1, 0) FROM {table}"""
    )
    precision, recall = ratio(true, true + false), ratio(true, fraud)
    return Figures(
        signal=scored.signal.name,
        threshold=threshold,
        transactions=total,
        labelled=labelled,
        fraud=fraud,
        days=days,
        alerts=alerts,
        precision=precision,
        recall=recall,
        f1=_harmonic(precision.value, recall.value),
        average_precision=_average_precision(one, table),
        alerts_per_day=alerts / days if days else None,
        budget=budget,
        precision_in_budget=ratio(*one(_in_budget(table, budget))),
        precision_in_budget_by_customer=ratio(*one(_in_budget(_by_customer(table), budget))),
        money_caught=caught,
        money_missed=missed,
        customers_caught=ratio(
            *one(
                f"""SELECT count(*) FILTER (caught), count(*) FROM (
                    SELECT bool_or({alert}) AS caught FROM {table}
                    WHERE {FRAUD} AND {USER} IS NOT NULL GROUP BY {USER})"""
            )
        ),
        honest_customers=ratio(
            *one(
                f"""SELECT count(*) FILTER (alerted), count(*) FROM (
                    SELECT bool_or({alert}) AS alerted FROM {table}
                    WHERE {FRAUD} IS NOT NULL AND {USER} IS NOT NULL
                    GROUP BY {USER} HAVING NOT bool_or({FRAUD}))"""
            )
        ),
        **_episodes(one, table, alert),
    )


def plain(found: Figures) -> dict[str, object]:
    """Return the figures as plain fields.

    A share is a number, or null without cases; beside it are `_interval`, its ends, and `_cases`,
    for how many of how many it holds.
    """
    fields: dict[str, object] = {}
    for name in found.__struct_fields__:
        value = getattr(found, name)
        if isinstance(value, Ratio):
            fields[name] = value.value
            fields[f"{name}_interval"] = None if value.value is None else [value.low, value.high]
            fields[f"{name}_cases"] = [value.count, value.of]
        else:
            fields[name] = value
    return fields


def _harmonic(precision: float | None, recall: float | None) -> float | None:
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _average_precision(one: Any, table: str) -> float | None:
    """Sum of the precision at each score, weighted by what recall gains there."""
    (found,) = one(
        f"""SELECT sum(hits * 1.0 * hits_so_far / so_far) / nullif(max(hits_so_far), 0) FROM (
            SELECT hits, sum(hits) OVER falling AS hits_so_far, sum(n) OVER falling AS so_far FROM (
                SELECT {SCORE}, count(*) FILTER ({FRAUD}) AS hits, count(*) AS n FROM {table}
                WHERE {FRAUD} IS NOT NULL GROUP BY {SCORE})
            WINDOW falling AS (ORDER BY {SCORE} DESC))"""
    )
    return None if found is None else float(found)


def _by_customer(table: str) -> str:
    """The highest score of each user and day, as if it were one transaction."""
    return f"""(SELECT {USER}, max({SCORE}) AS {SCORE}, min({TIME}) AS {TIME},
        bool_or({FRAUD}) AS {FRAUD} FROM {table} WHERE {USER} IS NOT NULL
        GROUP BY {USER}, {TIME}::DATE)"""


def _in_budget(table: str, budget: int) -> str:
    """Fraud, and all labelled rows, among the highest scores of each day; a score of 0 is none."""
    return f"""SELECT count(*) FILTER ({FRAUD}), count({FRAUD}) FROM (
        SELECT {FRAUD} FROM {table} WHERE {SCORE} > 0 QUALIFY
        row_number() OVER (PARTITION BY {TIME}::DATE ORDER BY {SCORE} DESC, {TIME}) <= {budget})"""


def _episodes(one: Any, table: str, alert: str) -> dict[str, Any]:
    caught, total, seconds = one(
        f"""WITH fraud AS (
                SELECT {USER} AS who, {TIME} AS happened, coalesce({TIME} - lag({TIME}) OVER by_user
                    > INTERVAL {EPISODE_HOURS} HOUR, true) AS begins
                FROM {table} WHERE {FRAUD} AND {USER} IS NOT NULL
                WINDOW by_user AS (PARTITION BY {USER} ORDER BY {TIME})),
            numbered AS (
                SELECT who, happened, count(*) FILTER (begins) OVER (
                    PARTITION BY who ORDER BY happened ROWS UNBOUNDED PRECEDING) AS number
                FROM fraud),
            episode AS (
                SELECT who, number, min(happened) AS first, max(happened) AS last FROM numbered
                GROUP BY who, number),
            alerted AS (SELECT {USER} AS who, {TIME} AS happened FROM {table} WHERE {alert}),
            found AS (
                SELECT e.first, min(a.happened) AS alerted_at FROM episode e LEFT JOIN alerted a
                ON a.who = e.who AND a.happened BETWEEN e.first AND e.last
                GROUP BY e.who, e.number, e.first)
            SELECT count(alerted_at), count(*), median(epoch(alerted_at - first)) FROM found"""
    )
    return {
        "episodes": ratio(caught, total),
        "first_alert_seconds": None if seconds is None else float(seconds),
    }
