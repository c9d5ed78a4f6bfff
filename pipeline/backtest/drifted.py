"""Which inputs of a model are spread otherwise than in its training."""

from __future__ import annotations

import numpy as np

from pipeline.signals.drift import shares, stability_index
from pipeline.signals.signal import SCORE
from pipeline.signals.trees import SCORE_SPREAD, Model
from pipeline.text.sql import identifier

from .scored import Scored


def drift(scored: Scored, model: Model) -> dict[str, float]:
    """Return the population stability index of the score and of each input, largest first.

    Args:
        scored: Transactions with the model's inputs and scores.
        model: The model, with the spreads of its training.
    """
    found = {}
    for name, before in model.spreads.items():
        column = SCORE if name == SCORE_SPREAD else name
        values = scored.connection.execute(
            f"SELECT coalesce({identifier(column)}::DOUBLE, 'nan') AS value FROM {scored.table}"
        ).fetchnumpy()["value"]
        now = shares(np.asarray(values, np.float64), before.edges)
        found[name] = stability_index(before.shares, now)
    return dict(sorted(found.items(), key=lambda item: -item[1]))
