"""A job's exceptions, savepoints and checkpoints as text."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from pipeline.model.jobs import JobDetail, JobFailure, RestorePoint
from pipeline.text.words import location
from tui.drawing import text
from tui.drawing.code import harmless
from tui.drawing.tones import Piece, Tone, content

_PATH_CELLS = 400


def exceptions(detail: JobDetail, now: float) -> Content:
    """Return the exceptions with their stack traces, newest first."""
    if not detail.failures:
        return content([Piece("No exception since the job was started.", Tone.QUIET)])
    return Content("\n\n").join(_exception(failure, now) for failure in detail.failures)


def state(detail: JobDetail, now: float) -> Content:
    """List savepoints and checkpoints, newest first, with an arrow at the one to resume from."""
    if not detail.restore_points:
        nothing = "No saved state: a start begins with the oldest transaction in Kafka."
        return content([Piece(nothing, Tone.WAITS)])
    lines = [content([Piece("A start resumes from the one with the arrow.", Tone.QUIET)])]
    lines += [_restore_point(point, now) for point in detail.restore_points]
    return Content("\n").join(lines)


def _exception(failure: JobFailure, now: float) -> Content:
    first, _, rest = failure.trace.partition("\n")
    at = datetime.fromtimestamp(failure.at)
    when = f"{at:%Y-%m-%d %H:%M:%S}, {text.age(now - failure.at)}"
    return Content("\n").join(
        [
            content([Piece(when, Tone.QUIET)]),
            content([Piece(harmless(first), Tone.DANGER)]),
            content([Piece(harmless(rest), Tone.PLAIN)]),
        ]
    )


def _restore_point(point: RestorePoint, now: float) -> Content:
    age = text.age(now - point.at) if point.at is not None else text.NOTHING
    arrow = Piece("→ ", Tone.TITLE) if point.resumes else Piece("  ")
    tone = Tone.STRONG if point.resumes else Tone.PLAIN
    return content(
        [
            arrow,
            Piece(f"{point.kind:<11}", tone),
            Piece(f"{age:>14}  ", Tone.QUIET),
            Piece(text.clean(location(point.path), _PATH_CELLS), Tone.QUIET),
        ]
    )
