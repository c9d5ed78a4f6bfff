"""A row of a user's own rolling feature in the panel Users."""

from __future__ import annotations

from dataclasses import dataclass

from tui.streams.sink_topics import SinkTopic, Values, is_signal


@dataclass(frozen=True, slots=True)
class LatestRow:
    """The latest row of a user, or of whatever else the feature groups by.

    Attributes:
        key: What identifies the user.
        values: The row.
        user_id: The user, if it is one of the transactions' users.
        is_user: Whether the key is the user.
    """

    key: Values
    values: Values
    user_id: int | None
    is_user: bool = False


def is_rolling(sink: SinkTopic[Values]) -> bool:
    """Whether a feature computes something for each record, which is no score."""
    names = {column.name for column in sink.columns}
    computes = any(column.computed for column in sink.columns)
    elsewhere = "window_end" in names or is_signal(sink)
    return computes and sink.time in names and not elsewhere
