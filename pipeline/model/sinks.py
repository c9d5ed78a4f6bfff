"""The topics that jobs write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class SinkColumn:
    """A column of a feature's topic.

    Attributes:
        name: The field's name.
        type: An Ibis type name.
        computed: Whether it is a result, rather than part of what identifies the row.
        hidden: Whether its values are not shown.
    """

    name: str
    type: str
    computed: bool
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class WindowShape:
    """The windows of a feature, aligned to the epoch.

    Attributes:
        size: The length of a window, or of the longest one of those that start together.
        step: From the end of a window to the end of the next one.
        cumulates: Whether windows that start together end one step after another.
    """

    size: timedelta
    step: timedelta
    cumulates: bool = False


@dataclass(frozen=True, slots=True)
class Sink:
    """The topic that a feature's job writes.

    Attributes:
        feature: The feature's name.
        topic: The topic, without the profile's prefix.
        columns: Its columns, in order.
        source: The topic that the feature reads, without the profile's prefix.
        time: The event time of what it reads, as a column.
        user: The column with the user; None if there is none.
        windows: The windows whose results it holds; None for other features, and if unknown.
        threshold: The score from which a row is an alert; None for what is no signal.
        amount: The column with the amount, in a signal's rows; None if there is none.
        label: The column that says whether a record is fraud, in a signal's rows; None likewise.
        identity: The column that names a record, in a signal's rows; None likewise.
        since: From when on a signal's rows are of its present definition, in seconds since the
            epoch; None if all are.
        live: Whether it is the signal whose alerts are worked on.
        labelled: Whether its rows are the records of its source that are labelled as fraud, so that
            no job writes them.
    """

    feature: str
    topic: str
    columns: tuple[SinkColumn, ...]
    source: str
    time: str
    user: str | None = None
    windows: WindowShape | None = None
    threshold: float | None = None
    amount: str | None = None
    label: str | None = None
    identity: str | None = None
    since: float | None = None
    live: bool = False
    labelled: bool = False

    def in_full(self) -> Sink:
        """The same with no column hidden."""
        return replace(self, columns=tuple(replace(each, hidden=False) for each in self.columns))
