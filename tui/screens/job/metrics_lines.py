"""The state and the metrics of one job, in a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.model.jobs import JobMetrics, JobState
from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.panels.jobs.jobs_table import detail, look
from tui.session.view import JobLine, View
from tui.table.layout import fit
from tui.widgets.lines import Lines

_LABEL_CELLS: Final = 14
_VALUE_CELLS: Final = 25
_PRESSED: Final = 0.5

Group = tuple[str, Sequence[Piece]]


class JobMetricsLines(Lines):
    """The state of a job, and its metrics from Flink.

    Args:
        name: The job's name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(id="job-metrics")
        self._job = name

    def lines(self, view: View, width: int) -> Sequence[Sequence[Piece]]:
        """Return a headline and the metrics in as many columns as fit."""
        line = view.job(self._job)
        if line is None:
            return [[Piece("Waiting for the first status from Flink.", Tone.WAITS)]]
        columns = max(1, width // (_LABEL_CELLS + _VALUE_CELLS))
        groups = _figures(line, view)
        rows = -(-len(groups) // columns)
        lines = [_headline(line, view.now, width)]
        for row in range(rows):
            pieces: list[Piece] = []
            for label, value in groups[row::rows]:
                pieces += fit([Piece(label, Tone.QUIET)], _LABEL_CELLS, right=False)
                pieces += [*fit(value, _VALUE_CELLS - 1, right=False), Piece(" ")]
            lines.append(fit(pieces, width, right=False))
        return lines


def _headline(line: JobLine, now: float, width: int) -> list[Piece]:
    mark, state, tone = look(line)
    pieces = [Piece(f"{mark} ", tone), Piece(text.clean(line.status.name), Tone.STRONG)]
    pieces += [Piece(f"  {state}", tone)]
    if line.status.started_at is not None and not line.stale:
        pieces.append(Piece(f" for {text.duration(now - line.status.started_at)}", Tone.QUIET))
    pieces.append(Piece("   "))
    pieces += detail(line, now)
    return fit(pieces, width, right=False)


def _figures(line: JobLine, view: View) -> list[Group]:
    running = line.status.state is JobState.RUNNING and not line.stale
    metrics = line.metrics if running and line.metrics is not None else JobMetrics()
    checkpoint = metrics.checkpoint
    source = view.data.source_of(line.status.name)
    newest = view.data.event_time_of(source).newest
    behind = newest - metrics.watermark if newest and metrics.watermark else None
    pending = metrics.pending
    lag_tone = Tone.WAITS if metrics.lags else Tone.PLAIN
    return [
        ("read", _per_second(metrics.records_in)),
        ("written", _per_second(metrics.records_out)),
        ("lag", _value(None if pending is None else counted(pending, "record"), lag_tone)),
        (
            "behind",
            _value(f"{text.duration(behind.total_seconds())} of event time" if behind else None),
        ),
        ("checkpoint", _value(text.age(view.now - checkpoint.at) if checkpoint else None)),
        (
            "  took",
            _value(
                f"{checkpoint.seconds:.2f} s, {text.size(checkpoint.size)}" if checkpoint else None
            ),
        ),
        ("  failed", _count(metrics.checkpoints_failed if running else None, "", Tone.WAITS)),
        ("restarts", _count(metrics.restarts, "", Tone.DANGER)),
        ("watermark", _value(text.event_time(metrics.watermark))),
        ("dropped late", _count(metrics.late, "record", Tone.DANGER)),
        ("busy", _share(metrics.busy)),
        ("back-pressure", _share(metrics.backpressure)),
    ]


def _value(value: str | None, tone: Tone = Tone.PLAIN) -> Sequence[Piece]:
    return [Piece(text.NOTHING, Tone.QUIET)] if value is None else [Piece(value, tone)]


def _per_second(value: float | None) -> Sequence[Piece]:
    if value is None:
        return _value(None)
    return [Piece(text.rate(value)), Piece("/s, last minute", Tone.QUIET)]


def _count(value: int | None, unit: str, tone: Tone) -> Sequence[Piece]:
    """Format a count that should be zero."""
    if value is None:
        return _value(None)
    shown = counted(value, unit) if unit else text.integer(value)
    return [Piece(shown, tone if value else Tone.PLAIN)]


def _share(value: float | None) -> Sequence[Piece]:
    if value is None:
        return _value(None)
    return [Piece(text.share(value), Tone.WAITS if value >= _PRESSED else Tone.PLAIN)]
