"""What a training has found out, in figures and in plots."""

from __future__ import annotations

import duckdb
import msgspec
import numpy as np
import pyarrow as pa

from pipeline.backtest.figures import Figures, figures
from pipeline.backtest.scored import Scored
from pipeline.config import RuleSettings
from pipeline.features.compiled import to_sql
from pipeline.signals import inputs
from pipeline.signals.model_signal import model_signal
from pipeline.signals.trees import Model

from .examples import Examples, Floats, Ints
from .learner import Learned

_BINS = 10


class Bin(msgspec.Struct, frozen=True):
    """Transactions of similar scores: a score should be the share of fraud among them.

    Attributes:
        low: The lowest score of the bin.
        high: The end of the bin.
        transactions: How many have such a score.
        mean_score: Their mean score.
        fraud: The share of fraud among them.
    """

    low: float
    high: float
    transactions: int
    mean_score: float
    fraud: float


class Cost(msgspec.Struct, frozen=True):
    """What a model costs in Flink.

    Attributes:
        windows: Windows that Flink keeps for each user, category, or both.
        leaves: Leaves of all trees.
        sql_characters: Length of the query.
    """

    windows: int
    leaves: int
    sql_characters: int


class TrainingReport(msgspec.Struct, frozen=True):
    """A trained model, judged on customers that it had not seen.

    Attributes:
        unseen: Figures at the model's threshold; each customer is scored by a model that was
            trained without that customer.
        average_precision: Of each fifth of the customers.
        average_precision_later: On the last quarter of the time, of unseen customers.
        calibration: By score.
        importance: The share of each input, largest first.
        cost: What it costs in Flink.
        curve: Precision by recall, at falling scores.
    """

    unseen: Figures
    average_precision: tuple[float, ...]
    average_precision_later: float | None
    calibration: tuple[Bin, ...]
    importance: dict[str, float]
    cost: Cost
    curve: tuple[tuple[float, float], ...]


def best_threshold(scores: Floats, fraud: Ints) -> float:
    """Return the score at which the harmonic mean of precision and recall is highest."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(fraud[order])
    counted = np.arange(1, len(scores) + 1)
    ends = np.append(ranked[1:] != ranked[:-1], True)
    f1 = np.where(ends, 2 * hits / (counted + fraud.sum()), -1.0)
    return float(np.clip(round(float(ranked[int(np.argmax(f1))]), 3), 0.001, 1.0))


def training_report(learned: Learned, examples: Examples, budget: int) -> TrainingReport:
    """Return the figures of a training.

    Args:
        learned: Its result.
        examples: What it was trained on.
        budget: How many alerts a day can be looked at.
    """
    model = learned.model
    return TrainingReport(
        unseen=_figures(learned, examples, budget),
        average_precision=model.training.average_precision,
        average_precision_later=model.training.average_precision_later,
        calibration=_calibration(learned.unseen, examples.fraud),
        importance=model.training.importance,
        cost=_cost(model),
        curve=_curve(learned.unseen, examples.fraud),
    )


def _figures(learned: Learned, examples: Examples, budget: int) -> Figures:
    scored = pa.table(
        {
            "score": learned.unseen,
            "__time": pa.array(examples.times, pa.timestamp("us")),
            "__user": pa.array(examples.users).cast(pa.string()),
            "__amount": examples.values[:, examples.inputs.index("amt")],
            "__fraud": pa.array(examples.fraud == 1),
        }
    )
    with duckdb.connect() as connection:
        connection.register("scored", scored)
        signal = model_signal(learned.model, RuleSettings())
        return figures(Scored(connection, "scored", signal), learned.model.threshold, budget)


def _calibration(scores: Floats, fraud: Ints) -> tuple[Bin, ...]:
    which = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    return tuple(
        Bin(
            number / _BINS,
            (number + 1) / _BINS,
            int(mine.sum()),
            float(scores[mine].mean()),
            float(fraud[mine].mean()),
        )
        for number in range(_BINS)
        if (mine := which == number).any()
    )


def _curve(scores: Floats, fraud: Ints) -> tuple[tuple[float, float], ...]:
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(fraud[order])
    wanted = np.unique(np.searchsorted(hits, np.linspace(1, hits[-1], 101)))
    return tuple((float(hits[at] / hits[-1]), float(hits[at] / (at + 1))) for at in wanted)


def _cost(model: Model) -> Cost:
    signal = model_signal(model, RuleSettings())
    return Cost(
        windows=inputs.windows_of(model.inputs),
        leaves=model.leaves,
        sql_characters=len(to_sql(signal.table, "flink")),
    )
