"""What opens the user of a feature's row."""

from __future__ import annotations

from pipeline.contract import TRANSACTION_TOPIC
from tui.messages import OpenOwnUser, OpenUser
from tui.streams.sink_topics import SinkTopic, Values, has_user


def opened_user(sink: SinkTopic[Values], values: Values) -> OpenUser | OpenOwnUser | None:
    """Return what opens the user's screen; None where a row has no user, or a hidden one.

    Args:
        sink: The feature's sink topic.
        values: The row.
    """
    if not has_user(sink):
        return None
    user = values[[column.name for column in sink.columns].index(sink.user or "")]
    if user is None:
        return None
    if sink.source == TRANSACTION_TOPIC and isinstance(user, int):
        return OpenUser(user)
    return OpenOwnUser(sink.source, str(user))
