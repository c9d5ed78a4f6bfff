"""What each panel of the dashboard is called, and how much is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.model import JobState

from . import text
from .filter import Filter
from .query import Page
from .view import View
from .widgets.titles import Title


def panel_titles(view: View, mistakes: Mapping[str, str]) -> tuple[Title, ...]:
    """The title of each panel, in the order of their keys.

    Args:
        view: What is drawn.
        mistakes: Why the filter that is being typed cannot be used, by panel.
    """
    data = view.data
    titles = (
        Title("jobs", "1", "Jobs", _jobs(view)),
        Title("users", "2", "Users", _page(data.users)),
        Title("windows", "3", "Windows", f"{data.windows.kind} {_windows(view)}"),
        Title("flagged", "4", "Flagged", _page(data.flagged, data.flagged_total)),
    )
    return tuple(
        title if not mistakes.get(title.panel) else title.with_mistake(mistakes[title.panel])
        for title in titles
    )


def _jobs(view: View) -> str:
    if view.reading.problem is not None:
        return f"as they were {text.age(view.now - view.reading.at)}" if view.jobs else "unknown"
    running = sum(line.status.state is JobState.RUNNING for line in view.jobs)
    return f"{running} of {len(view.jobs)} running"


def _page(page: Page[Any], seen: int = 0) -> str:
    """Says so when not all are shown."""
    total = max(page.total, seen)
    more = "+" if page.truncated else ""
    everything = f"{text.integer(total)}{more}"
    if page.query.filter:
        shown = f"{text.integer(page.matched)} of {everything}{_filter(page.query.filter)}"
    else:
        shown = everything
    if len(page.rows) < page.matched or (not page.query.filter and page.matched < total):
        return f"top {text.integer(len(page.rows))} of {shown}"
    return shown


def _windows(view: View) -> str:
    windows = view.data.windows
    total = text.integer(windows.total)
    if windows.query.filter:
        return f"{len(windows.windows)} of {total}{_filter(windows.query.filter)}"
    return total


def _filter(filter: Filter) -> str:
    return f" · {text.clean(filter.text, 40)}"
