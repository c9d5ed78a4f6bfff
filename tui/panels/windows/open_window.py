"""The window that closes next: when, and what holds it open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline.model.sinks import WindowShape
from tui.session.view import View
from tui.streams.event_clock import Partition

from .windows_panel import WINDOWS

# Of the transactions, Flink ignores a partition in the watermark after this much silence. A test
# compares this with the pipeline's constant, which is not imported because that would import Ibis.
IDLE_SECONDS: Final = 10.0

_EPOCH: Final = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """The window that closes next.

    Attributes:
        start: First event time in it.
        end: First event time after it; it closes when the watermark is there.
        watermark: Where the watermark is.
        missing: Event time from the watermark to the end.
        seconds: Wall time that this takes at the current speed; None when event time stands still.
        holder: The partition that holds the watermark back; None when all are silent.
        silent: Seconds since the holder's last record, or since any record without a holder.
        left_out: Partitions that have been silent so long that the watermark ignores them.
        idle: Seconds of silence after which the watermark ignores a partition.
        late: Records that were dropped for arriving after the watermark; None when unknown.
    """

    start: datetime
    end: datetime
    watermark: datetime
    missing: timedelta
    seconds: float | None
    holder: Partition | None
    silent: float
    left_out: tuple[int, ...]
    idle: float
    late: int | None


def open_window(view: View) -> OpenWindow | None:
    """Return the window that closes next, of the feature shown.

    None before any record of what the feature reads, and if it is unknown when its windows end.
    """
    tab = WINDOWS.tab(view.data)
    shape = view.data.windows.get(tab.feature)
    time = view.data.event_time_of(tab.source)
    if shape is None or not time.partitions:
        return None
    idles = {source.topic: source.idle.total_seconds() for source in view.data.sources}
    idle = idles.get(tab.source, IDLE_SECONDS)
    line = view.job(tab.feature)
    metrics = line.metrics if line is not None else None
    active = [each for each in time.partitions if view.now - each.at < idle]
    holder = min(active, key=lambda each: each.newest, default=None)
    last = max(each.at for each in time.partitions)
    # A silent partition may lag behind the watermark, which never goes back.
    slowest = min(each.newest for each in active or time.partitions)
    estimate = slowest - view.data.delay_of(tab.source)
    watermark = metrics.watermark if metrics is not None and metrics.watermark else estimate
    start, end = _next(shape, watermark)
    missing = max(end - watermark, timedelta())
    return OpenWindow(
        start=start,
        end=end,
        watermark=watermark,
        missing=missing,
        seconds=missing.total_seconds() / time.speed if time.speed else None,
        holder=holder,
        silent=view.now - (holder.at if holder else last),
        left_out=tuple(each.number for each in time.partitions if each not in active),
        idle=idle,
        late=metrics.late if metrics is not None else None,
    )


def _next(shape: WindowShape, watermark: datetime) -> tuple[datetime, datetime]:
    """Return the bounds of the first epoch-aligned window that ends after the watermark."""
    end = _EPOCH + ((watermark - _EPOCH) // shape.step + 1) * shape.step
    if not shape.cumulates:
        return end - shape.size, end
    last = end - timedelta(milliseconds=1)
    return _EPOCH + (last - _EPOCH) // shape.size * shape.size, end
