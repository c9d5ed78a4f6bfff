"""Settings of the built-in signal of rules: its limits, weights and threshold."""

from __future__ import annotations

from typing import Annotated

import msgspec

Weight = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Threshold = Annotated[float, msgspec.Meta(gt=0, le=1)]
Limit = Annotated[float, msgspec.Meta(gt=0)]
Hour = Annotated[int, msgspec.Meta(ge=0, le=24)]


class RuleSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the signal `rules` finds unusual; a weight is how likely that alone makes fraud.

    Attributes:
        threshold: The score from which a transaction is an alert.
        large: An amount above this is large.
        large_weight: Weight of a large amount.
        very_large: An amount above this is very large.
        very_large_weight: Weight of a very large amount.
        above_mean: How many times the user's mean of 30 days an amount must exceed.
        above_mean_weight: Weight of such an amount.
        spree: How many times the mean of 30 days a user's mean of 24 hours must exceed.
        spree_weight: Weight of such a day.
        recent_large_weight: Weight of a very large amount in the last 24 hours.
        rapid: How many transactions of a user in an hour are many.
        rapid_weight: Weight of so many.
        night_from: The hour of event time at which the night begins.
        night_to: The hour at which it ends.
        night_weight: Weight of a transaction at night.
    """

    threshold: Threshold = 0.75
    large: Limit = 200
    large_weight: Weight = 0.5
    very_large: Limit = 600
    very_large_weight: Weight = 0.4
    above_mean: Limit = 3
    above_mean_weight: Weight = 0.1
    spree: Limit = 2
    spree_weight: Weight = 0.3
    recent_large_weight: Weight = 0.3
    rapid: Annotated[int, msgspec.Meta(ge=2)] = 3
    rapid_weight: Weight = 0.2
    night_from: Hour = 22
    night_to: Hour = 4
    night_weight: Weight = 0.4
