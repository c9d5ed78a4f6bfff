"""A row of a user's own rolling feature in the panel Users."""

from __future__ import annotations

from dataclasses import dataclass

from tui.streams.sink_topics import Values


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
