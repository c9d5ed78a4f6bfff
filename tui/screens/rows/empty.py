"""Why there is no row of a feature."""

from __future__ import annotations

from tui.session.view import View
from tui.table.filter import Filter
from tui.widgets.reasons import DELAY, Reason, danger, nothing_matches, why_empty


def why_no_rows(view: View, topic: str, filter: Filter, total: int, error: str) -> Reason:
    """Why there is no row of a feature.

    Args:
        view: The console.
        topic: Where the feature writes.
        filter: What rows have to be like.
        total: How many there are without the filter.
        error: Why the topic cannot be read; empty when it can.
    """
    if error and not total:
        return danger(f"{topic} cannot be read: {error.rstrip('.')}.")
    return nothing_matches(filter, total, "rows") or why_empty(
        view,
        topic,
        lambda: f"Nothing in {topic} yet: results wait for the watermark, {DELAY} of event time.",
    )
