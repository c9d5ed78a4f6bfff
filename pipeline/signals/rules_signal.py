"""The built-in signal of rules: what is unusual about a transaction, each with a weight."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add, mul
from typing import Final

import ibis
import ibis.expr.types as ir

from pipeline.config import RuleSettings

from .inputs import with_inputs
from .signal import REASONS, SCORE, Signal

NAME: Final = "rules"
TOPIC: Final = "fraud_signals_rules"
RULE_INPUTS: Final = ("hour", "user_count_1h", "user_mean_24h", "user_max_24h", "user_mean_30d")


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that makes fraud more likely.

    Attributes:
        weight: How likely a transaction is fraud for this reason alone, 0 to 1.
        reason: In words.
        holds: For which rows it holds.
    """

    weight: float
    reason: str
    holds: ir.BooleanValue


def rules_signal(settings: RuleSettings) -> Signal:
    """Return the signal with the profile's limits and weights."""

    def rules(transaction: ir.Table) -> ir.Table:
        """How unusual a transaction is for its user, by rules."""
        rows = with_inputs(transaction, RULE_INPUTS)
        return rows.mutate(**{SCORE: _score(rows, settings), REASONS: reasons(rows, settings)})

    return Signal(NAME, TOPIC, rules, on_request=True, threshold=settings.threshold)


def _rules(rows: ir.Table, limits: RuleSettings) -> tuple[Rule, ...]:
    night = (rows.hour >= limits.night_from) | (rows.hour < limits.night_to)
    if limits.night_from < limits.night_to:
        night = (rows.hour >= limits.night_from) & (rows.hour < limits.night_to)
    return (
        Rule(
            limits.large_weight,
            f"Amount above {limits.large:,.0f}.",
            rows.amt > _(limits.large),
        ),
        Rule(
            limits.very_large_weight,
            f"Amount above {limits.very_large:,.0f}.",
            rows.amt > _(limits.very_large),
        ),
        Rule(
            limits.above_mean_weight,
            f"More than {limits.above_mean:g} times the user's mean of 30 days.",
            rows.amt > _(limits.above_mean) * rows.user_mean_30d,
        ),
        Rule(
            limits.spree_weight,
            f"The user's mean of 24 hours is more than {limits.spree:g} times that of 30 days.",
            rows.user_mean_24h > _(limits.spree) * rows.user_mean_30d,
        ),
        Rule(
            limits.recent_large_weight,
            f"An amount above {limits.very_large:,.0f} in the last 24 hours.",
            rows.user_max_24h > _(limits.very_large),
        ),
        Rule(
            limits.rapid_weight,
            f"{limits.rapid} or more transactions in an hour.",
            rows.user_count_1h >= limits.rapid,
        ),
        Rule(
            limits.night_weight,
            f"Between {limits.night_from} and {limits.night_to} o'clock.",
            night,
        ),
    )


def _(number: float) -> ir.FloatingValue:
    """A number as DOUBLE: Flink computes with DECIMAL otherwise."""
    return ibis.literal(number, "float64")


def _score(rows: ir.Table, limits: RuleSettings) -> ir.Value:
    """How likely it is that at least one of the reasons is right, if none depends on another."""
    innocent = [rule.holds.ifelse(_(1 - rule.weight), _(1.0)) for rule in _rules(rows, limits)]
    return _(1.0) - reduce(mul, innocent)


def reasons(rows: ir.Table, limits: RuleSettings) -> ir.StringValue:
    """Return what is unusual about each row, in sentences; empty if nothing is.

    Args:
        rows: A table with `RULE_INPUTS`.
        limits: What is unusual.
    """
    texts = [rule.holds.ifelse(f"{rule.reason} ", "") for rule in _rules(rows, limits)]
    return reduce(add, texts).rstrip()
