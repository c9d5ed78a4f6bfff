"""The signal of a trained model."""

from __future__ import annotations

from typing import Final

import ibis.expr.types as ir

from pipeline.config import RuleSettings

from .inputs import with_inputs
from .rules_signal import RULE_INPUTS, reasons
from .signal import REASONS, SCORE, Signal
from .trees import Model, score

NAME: Final = "model"
TOPIC: Final = "fraud_signals"
SHADOW: Final = "shadow"
"""A second model, which runs beside the first one until one of them is preferred."""
SHADOW_TOPIC: Final = "fraud_signals_shadow"


def model_signal(
    trained: Model, limits: RuleSettings, *, name: str = NAME, topic: str = TOPIC
) -> Signal:
    """Return the signal of a model.

    Args:
        trained: The model.
        limits: What the reasons call unusual: trees do not speak.
        name: The signal's name.
        topic: Its topic.
    """

    def model(transaction: ir.Table) -> ir.Table:
        """How likely a transaction is fraud, by a trained model."""
        rows = with_inputs(transaction, {*trained.inputs, *RULE_INPUTS})
        return rows.mutate(**{SCORE: score(trained, rows), REASONS: reasons(rows, limits)})

    return Signal(name, topic, model, on_request=True, threshold=trained.threshold)
