"""The titles of the dashboard's panels, with their numbers of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline.model.jobs import JobState
from tui.drawing import text
from tui.panels.catalogue import TABLE_PANELS
from tui.panels.panel import TablePanel
from tui.panels.plots.plots_panel import PLOTS
from tui.session.view import Phase, View
from tui.streams.sink_topics import SinkTopic
from tui.table.query import Page
from tui.widgets.titles import AS_OF, Title

_FILTER_CELLS: Final = 40


def panel_titles(view: View, mistakes: Mapping[str, str]) -> tuple[Title, ...]:
    """Return the panels' titles, in the order of their keys.

    Args:
        view: The session's view.
        mistakes: By panel, the error in the filter being typed.
    """
    titles = (
        Title("jobs", "1", "Jobs", _jobs(view)),
        *sorted(
            (
                *(_of_table(panel, view) for panel in TABLE_PANELS),
                Title(PLOTS.name, PLOTS.key, PLOTS.title, _plotted(view)),
                Title("records", "6", "Records"),
            ),
            key=lambda title: title.key,
        ),
    )
    return tuple(
        title if not mistakes.get(title.panel) else title.with_mistake(mistakes[title.panel])
        for title in titles
    )


def _of_table(panel: TablePanel[Any], view: View) -> Title:
    page = view.data.of(panel)
    sink = panel.tab(view.data)
    if panel.counted is not None and not page.query.filter:
        note = panel.counted(page)
    else:
        note = _page(page, view.data.seen.get(sink.feature, 0))
    tabs = len(panel.tabs_of(view.data))
    if tabs > 1 or (tabs and sink not in panel.tabs):
        note = f"{sink.feature} {note}".rstrip()
    return Title(panel.name, panel.key, panel.title, note, age=_age(view, sink))


def _plotted(view: View) -> str:
    series = view.data.of(PLOTS)
    return series.stream.topic if len(series.streams) > 1 else ""


def _age(view: View, sink: SinkTopic[Any]) -> str:
    """Return the age of a topic's rows, if its job has not written any since it was started."""
    line, written = view.job(sink.feature), view.data.written.get(sink.topic)
    if line is None or written is None:
        return ""
    started = line.status.started_at
    if line.status.state is JobState.RUNNING and (started is None or written >= started):
        return ""
    return f"{AS_OF}{text.age(view.now - written)}"


def _jobs(view: View) -> str:
    if view.reading.problem is not None:
        return f"as they were {text.age(view.now - view.reading.at)}" if view.jobs else "unknown"
    running = sum(line.status.state is JobState.RUNNING for line in view.jobs)
    jobs = f"{running} of {len(view.jobs)} running"
    if view.phase is Phase.STARTING:
        return f"{jobs}, starting for {text.duration(view.now - view.since)}"
    return jobs


def _page(page: Page[Any], seen: int) -> str:
    """Describe a page: how many rows there are, match and are shown."""
    total = max(page.total, seen)
    more = "+" if page.truncated else ""
    everything = f"{text.integer(total)}{more}"
    shown, matched = len(page.rows), text.integer(page.matched)
    if not page.query.filter:
        return everything if shown == total else f"top {text.integer(shown)} of {everything}"
    typed = text.clean(page.query.filter.text, _FILTER_CELLS)
    first = "" if shown == page.matched else f", top {text.integer(shown)} shown"
    return f"{matched} of {everything} · {typed}{first}"
