"""What the tables of the dashboard ask of the store."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.table.query import Query

from .topics import TUMBLING


@dataclass(frozen=True, slots=True)
class Queries:
    """What the tables ask for; `kind` is the kind of windows."""

    users: Query = field(default_factory=Query)
    windows: Query = field(default_factory=Query)
    flagged: Query = field(default_factory=Query)
    kind: str = TUMBLING
