"""How the inputs and the score of a signal have drifted, and how fresh each input is."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from tui.streams.feature_rows import kind
from tui.streams.sink_topics import SinkTopic, Values

if TYPE_CHECKING:
    from pipeline.signals.trees import Spread

# Enough for a stable index, and compared within a few hundredths of a second.
_ROWS: Final = 5_000
# With fewer rows, chance alone would look like drift.
_FEWEST: Final = 200
_HOUR: Final = timedelta(hours=1)
TRAINING: Final = "the training"


@dataclass(frozen=True, slots=True)
class InputDrift:
    """One input, or the score.

    Attributes:
        name: The column.
        index: The population stability index against the reference; None without one.
        nulls: The share of rows without a value.
        newest: The event time of the newest row with a value; None if no row has one.
    """

    name: str
    index: float | None
    nulls: float
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Drift:
    """The inputs and the score of a signal's newest rows.

    Attributes:
        inputs: Those with the largest index first.
        rows: How many rows were compared.
        reference: What they were compared with, in words; empty for nothing.
        newest: The event time of the newest row.
    """

    inputs: tuple[InputDrift, ...] = ()
    rows: int = 0
    reference: str = ""
    newest: datetime | None = None


class NewestInputs:
    """The inputs of a signal's newest rows, and what they are compared with.

    Args:
        sink: The signal's topic.
    """

    def __init__(self, sink: SinkTopic[Values]) -> None:
        apart = {sink.user, sink.identity, sink.label, sink.time}
        self._places = {
            column.name: place
            for place, column in enumerate(sink.columns)
            if kind(column) in (int, float, Decimal) and column.name not in apart
        }
        self._rows: deque[tuple[datetime, Values]] = deque(maxlen=_ROWS)
        self._chosen: tuple[str, Mapping[str, Spread]] = ("", {})

    def add(self, at: datetime, values: Values) -> None:
        """Add a row, which takes the place of the oldest."""
        self._rows.append((at, values))

    def choose_hour(self) -> bool:
        """Compare with the last hour of event time from now on; False if it has too few rows."""
        from pipeline.signals.drift import spread

        newest = self._newest
        rows = [row for at, row in self._rows if newest is not None and newest - at < _HOUR]
        if newest is None or len(rows) < _FEWEST:
            return False
        spreads = {name: spread(self._numbers(rows, name)) for name in self._places}
        self._chosen = (f"the hour until {newest:%m-%d %H:%M}", spreads)
        return True

    def drift(self, trained: Mapping[str, Spread]) -> Drift:
        """Compare the rows with the chosen hour, or else with the training.

        Args:
            trained: The spreads of the signal's training; empty if it has none.
        """
        reference, spreads = self._chosen
        if not reference and trained:
            reference, spreads = TRAINING, trained
        rows = [row for _, row in self._rows]
        compared = spreads if len(rows) >= _FEWEST else {}
        inputs = [self._input(name, rows, compared.get(name)) for name in self._places]
        inputs.sort(key=lambda each: (-(each.index or 0.0), each.name))
        return Drift(tuple(inputs), len(rows), reference, self._newest)

    def _input(self, name: str, rows: Sequence[Values], before: Spread | None) -> InputDrift:
        from pipeline.signals.drift import shares, stability_index

        place = self._places[name]
        index = None
        if before is not None:
            now = shares(self._numbers(rows, name), before.edges)
            index = stability_index(before.shares, now)
        filled = [at for at, row in self._rows if row[place] is not None]
        nulls = 1 - len(filled) / len(rows) if rows else 0.0
        return InputDrift(name, index, nulls, max(filled, default=None))

    def _numbers(self, rows: Sequence[Values], name: str) -> Any:
        import numpy as np

        place = self._places[name]
        values = (row[place] for row in rows)
        return np.array([np.nan if v is None else float(v) for v in values], np.float64)

    @property
    def _newest(self) -> datetime | None:
        return max((at for at, _ in self._rows), default=None)
