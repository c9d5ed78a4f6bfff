"""Why a feature's table is empty."""

from __future__ import annotations

from pipeline import contract
from pipeline.model import JobDetail
from tui.session.view import View
from tui.table.filter import Filter
from tui.widgets.reasons import DELAY, Reason, danger, nothing_matches, why_empty


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
    own = {sink.feature: sink.source for sink in view.data.own}
    return nothing_matches(filter, total, "rows") or why_empty(
        view,
        job.name,
        own.get(job.name, contract.TRANSACTION_TOPIC),
        lambda: (
            f"Nothing in {job.topic} yet: "
            f"results wait for the watermark, {DELAY} of event time behind."
        ),
    )
