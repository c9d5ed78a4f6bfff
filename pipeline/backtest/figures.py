"""The figures of a backtest; each is None where its denominator is 0."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec

from .scored import AMOUNT, FRAUD, SCORE, TIME, USER, Scored

EPISODE_HOURS: Final = 24
"""Fraud of a user within these hours of the fraud before it belongs to the same episode."""
_Z: Final = 1.959964
"""Standard deviations of a normal distribution on either side that hold 95 %."""


class Share(msgspec.Struct, frozen=True):
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
    precision: Share
    recall: Share
    f1: float | None
    average_precision: float | None
    alerts_per_day: float | None
    budget: int
    precision_in_budget: Share
    precision_in_budget_by_customer: Share
    money_caught: float
    money_missed: float
    customers_caught: Share
    honest_customers: Share
    episodes: Share
    first_alert_seconds: float | None


def share(count: int, of: int) -> Share:
    """Return a share with its interval."""
    if not of:
        return Share(count, of, None, None, None)
    p, z2 = count / of, _Z * _Z
    centre, width = (p + z2 / (2 * of)), _Z * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of))
    scale = 1 + z2 / of
    return Share(
        count, of, p, max(0.0, (centre - width) / scale), min(1.0, (centre + width) / scale)
    )


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
    precision, recall = share(true, true + false), share(true, fraud)
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
        precision_in_budget=share(*one(_in_budget(table, budget))),
        precision_in_budget_by_customer=share(*one(_in_budget(_by_customer(table), budget))),
        money_caught=caught,
        money_missed=missed,
        customers_caught=share(
            *one(
                f"""SELECT count(*) FILTER (caught), count(*) FROM (
                    SELECT bool_or({alert}) AS caught FROM {table}
                    WHERE {FRAUD} AND {USER} IS NOT NULL GROUP BY {USER})"""
            )
        ),
        honest_customers=share(
            *one(
                f"""SELECT count(*) FILTER (alerted), count(*) FROM (
                    SELECT bool_or({alert}) AS alerted FROM {table}
                    WHERE {FRAUD} IS NOT NULL AND {USER} IS NOT NULL
                    GROUP BY {USER} HAVING NOT bool_or({FRAUD}))"""
            )
        ),
        **_episodes(one, table, alert),
    )


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
        "episodes": share(caught, total),
        "first_alert_seconds": None if seconds is None else float(seconds),
    }
