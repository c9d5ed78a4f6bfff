"""The labelled records of a source, as a list beside the rows of features."""

from __future__ import annotations

from pipeline.model.sinks import Sink, SinkColumn

from .declaration import Source


def labelled_records(source: Source, *, show_sensitive: bool = False) -> Sink | None:
    """Return what the records of a source hold that are labelled as fraud.

    It has a name that no feature can have.

    Args:
        source: The source.
        show_sensitive: Whether no column is hidden.

    Returns:
        None if there is no label, or one that a list of records would give away.
    """
    hidden = () if show_sensitive else source.sensitive
    if source.label is None or source.label in hidden:
        return None
    return Sink(
        feature=f"{source.topic}.{source.label}",
        topic=source.topic,
        columns=tuple(
            SinkColumn(name, dtype, computed=False, hidden=name in hidden)
            for name, dtype in source.schema
        ),
        source=source.topic,
        time=source.time,
        user=source.user,
        label=source.label,
        labelled=True,
    )
