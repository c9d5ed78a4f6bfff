"""The fields of the tables: what can be filtered and sorted by, and what is exported."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from tui.table.query import Field, Fields

from .snapshot import Flagged, UserRow, WindowUser

USER_FIELDS: Final = Fields[UserRow](
    Field("user", int, lambda row: row.user_id, word=True),
    Field("mean", float, lambda row: row.mean),
    Field("count", int, lambda row: row.count),
    Field("flags", int, lambda row: row.flags),
    Field("amount", float, lambda row: row.amount),
    Field("merchant", str, lambda row: row.merchant, word=True),
    Field("seen", datetime, lambda row: row.last_seen),
    Field(
        "updated",
        datetime,
        lambda row: datetime.fromtimestamp(row.updated_at, UTC).replace(tzinfo=None),
    ),
)

WINDOW_FIELDS: Final = Fields[WindowUser](
    Field("start", datetime, lambda row: row.start),
    Field("end", datetime, lambda row: row.end),
    Field("user", int, lambda row: row.user_id, word=True),
    Field("mean", float, lambda row: row.mean),
    Field("count", int, lambda row: row.count),
    Field("amount", float, lambda row: row.amount),
)

FLAGGED_FIELDS: Final = Fields[Flagged](
    Field("time", datetime, lambda row: row.transaction.trans_date_trans_time),
    Field("amount", float, lambda row: row.transaction.amt),
    Field("mean", float, lambda row: row.mean),
    Field("distance", float, lambda row: row.distance),
    Field("user", int, lambda row: row.transaction.user_id, word=True),
    Field("merchant", str, lambda row: row.transaction.merchant, word=True),
    Field("category", str, lambda row: row.transaction.category, word=True),
    Field("name", str, lambda row: f"{row.transaction.first} {row.transaction.last}", word=True),
    Field("zipcode", str, lambda row: row.transaction.zipcode),
    Field("card", int, lambda row: row.transaction.cc_num),
    Field("dob", str, lambda row: row.transaction.dob),
    Field("trans_num", str, lambda row: row.transaction.trans_num),
    Field("partition", int, lambda row: row.record.partition),
    Field("offset", int, lambda row: row.record.offset),
)
