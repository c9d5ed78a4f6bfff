"""Streams that features read: what a topic holds, declared once."""

from __future__ import annotations

from .built_in import TRANSACTION
from .declaration import Source
from .declared import source
from .time_format import TimeFormat

__all__ = ["TRANSACTION", "Source", "TimeFormat", "source"]
