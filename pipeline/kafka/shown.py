"""Records as they are shown, with what is sensitive hidden."""

from __future__ import annotations

from dataclasses import replace

from pipeline.sources.masking import Mask

from .records import Record


def shown(record: Record, mask: Mask) -> Record:
    """Return a record as it is shown: the same if nothing of its topic is hidden."""
    if not mask:
        return record
    return replace(
        record,
        key=mask.shown_key(record.key, record.value),
        value=mask.json(record.value),
        headers=tuple((name, mask.header(name, value)) for name, value in record.headers),
    )
