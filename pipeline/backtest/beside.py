"""Two signals on the same transactions: where they agree, and what only one of them catches."""

from __future__ import annotations

from pipeline.parity.sql_names import listed, same
from pipeline.signals.agreement import Alerts, Beside
from pipeline.signals.signal import SCORE

from .scored import AMOUNT, FRAUD, Scored


def beside(first: Scored, at_first: float, second: Scored, at_second: float) -> Beside:
    """Compare two signals over the same source.

    Args:
        first: The scores of one.
        at_first: The score from which it raises an alert.
        second: The scores of the other, in the same database.
        at_second: The score from which that one does.
    """
    copied = [name for name in first.signal.identity if name in second.signal.identity]
    # Transactions that are alike in all of these have one score, as peers in every window.
    alike = listed(copied)

    def alerts(of: Scored, threshold: float) -> str:
        return (
            f"SELECT {alike}, bool_or({SCORE} >= {threshold!r}) AS alert, "
            f"any_value({FRAUD}) AS fraud, coalesce(any_value({AMOUNT}), 0) AS amount, "
            f"count(*) AS n FROM {of.table} GROUP BY ALL"
        )

    rows = first.connection.execute(
        f"""SELECT a.alert, b.alert, coalesce(sum(a.n) FILTER (a.fraud), 0),
            coalesce(sum(a.n * a.amount) FILTER (a.fraud), 0),
            coalesce(sum(a.n) FILTER (NOT a.fraud), 0),
            coalesce(sum(a.n) FILTER (a.fraud IS NULL), 0)
            FROM ({alerts(first, at_first)}) a JOIN ({alerts(second, at_second)}) b
            ON {same(copied, "a", "b")}
            GROUP BY a.alert, b.alert"""
    ).fetchall()
    found = {
        (one, other): Alerts(int(fraud), float(amount), int(legitimate), int(unlabelled))
        for one, other, fraud, amount, legitimate, unlabelled in rows
    }
    nothing = Alerts(0, 0.0, 0, 0)
    both, neither = found.get((True, True), nothing), found.get((False, False), nothing)
    total = sum(each.transactions for each in found.values())
    return Beside(
        first=f"{first.signal.name} ≥ {at_first:g}",
        second=f"{second.signal.name} ≥ {at_second:g}",
        both=both,
        only_first=found.get((True, False), nothing),
        only_second=found.get((False, True), nothing),
        neither=neither,
        agreement=(both.transactions + neither.transactions) / total if total else None,
    )
