"""Why a feature's table is empty."""

from __future__ import annotations

from pipeline.model.jobs import JobDetail
from tui.drawing import text
from tui.session.view import View
from tui.table.filter import Filter
from tui.widgets.reasons import Reason, danger, nothing_matches, why_empty


def why_no_rows(view: View, job: JobDetail, filter: Filter, total: int, error: str) -> Reason:
    """Explain why a feature's table is empty.

    Args:
        view: The session's view.
        job: The feature's job.
        filter: The filter on its rows.
        total: The number of rows without the filter.
        error: Why the topic cannot be read; empty when it can.
    """
    if error and not total:
        return danger(f"{job.topic} cannot be read: {error.rstrip('.')}.")
    source = view.data.source_of(job.name)
    delay = text.duration(view.data.delay_of(source).total_seconds())
    return nothing_matches(filter, total, "rows") or why_empty(
        view,
        job.name,
        source,
        lambda: (
            f"Nothing in {job.topic} yet: "
            f"results wait for the watermark, {delay} of event time behind."
        ),
    )
