"""Tables that stand still can be sorted and filtered all the same, within what they show."""

from __future__ import annotations

from dataclasses import replace

from tui.streams.fields import FLAGGED_FIELDS, USER_FIELDS
from tui.streams.queries import Queries
from tui.streams.snapshot import Snapshot
from tui.table.query import select


def refined(frozen: Snapshot, queries: Queries) -> Snapshot:
    """A snapshot with its own rows in the order, and only those, that are asked for.

    Windows stay as they are: their users were chosen when the snapshot was taken.
    """
    users, flagged = frozen.users, frozen.flagged
    if users.query != queries.users:
        found = select(users.rows, queries.users, USER_FIELDS)
        users = replace(found, total=users.total, truncated=users.truncated)
    if flagged.query != queries.flagged:
        found_flagged = select(flagged.rows, queries.flagged, FLAGGED_FIELDS)
        flagged = replace(found_flagged, total=flagged.total)
    return replace(frozen, users=users, flagged=flagged)
