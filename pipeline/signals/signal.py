"""A signal: a feature that gives each record a score from 0 to 1, and its reasons in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from pipeline.errors import InputError
from pipeline.features import Feature
from pipeline.features.feature import Expression, function_name, require_source
from pipeline.features.lineage import is_computed, origin
from pipeline.model.sinks import Sink
from pipeline.sources import TRANSACTION, Source
from pipeline.sources.arguments import shown

SCORE: Final = "score"
REASONS: Final = "reasons"
THRESHOLD: Final = 0.5
_COMPUTED: Final = {SCORE: "float64", REASONS: "string"}


@dataclass(frozen=True)
class Signal(Feature):
    """A feature with a score from 0 to 1 for each record of its source, and reasons in words.

    Attributes:
        threshold: A record with this score or a higher one is an alert.
    """

    threshold: float = THRESHOLD

    @cached_property
    def sink(self) -> Sink:
        """What its topic holds, from which score a row is an alert, and what it is judged by."""
        return replace(
            super().sink,
            threshold=self.threshold,
            amount=self.source.amount,
            label=self.source.label,
            identity=self._named_by,
        )

    @property
    def _named_by(self) -> str | None:
        """The column that names a record, if the rows have it unchanged."""
        name, rows = self.source.identity, self.table.op()
        if name is None or name not in self.columns or is_computed(rows, name):
            return None
        return name if origin(rows, name)[1] == name else None


def signal(
    *, topic: str, source: Source = TRANSACTION, threshold: float = THRESHOLD
) -> Callable[[Expression], Signal]:
    """Turn a function into a signal; its name becomes the job's name.

    The function returns a row for each record, with its time, user, amount and label unchanged, a
    `score` from 0 to 1, and `reasons` in words.

    Args:
        topic: The sink topic, without the profile's prefix.
        source: The stream that it reads; the function gets its table.
        threshold: The score from which a record is an alert.
    """
    require_source(source)
    require_threshold(threshold)

    def decorate(expression: Expression) -> Signal:
        name = function_name(expression, (source,))
        return Signal(name, topic, expression, (source,), threshold=threshold)

    return decorate


def require_threshold(threshold: object) -> None:
    """Refuse what cannot be a threshold.

    Raises:
        InputError: It is no number, not above 0, or above 1.
    """
    if isinstance(threshold, int | float) and not isinstance(threshold, bool):
        if 0 < threshold <= 1:
            return
        said = f"{threshold:g}"
    else:
        said = shown(threshold)
    raise InputError(
        f"The threshold of a signal is {said}, but scores are from 0 to 1.",
        "Give a number above 0, and not above 1.",
    )


def unfit(signal: Signal) -> tuple[str, str] | None:
    """Return why a feature cannot be a signal and what to do; None if it can."""
    for name, dtype in _COMPUTED.items():
        found = signal.columns.get(name)
        if found != dtype:
            what = f"its {name} is of type {found}" if found else f"it has no column {name!r}"
            return f"{what}, but must be {dtype}", f"Select {name}=..., of type {dtype}."
    source, rows = signal.source, signal.table.op()
    for column in filter(None, (source.time, source.user, source.amount, source.label)):
        copied = column in signal.columns and not is_computed(rows, column)
        if not copied or origin(rows, column)[1] != column:
            return (
                f"its rows have no unchanged {column}, by which it is judged",
                f"Select {source.name}.{column}, too.",
            )
    return None
