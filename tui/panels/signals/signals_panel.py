"""Declaration of the panel Signals: its topics, columns, state and widgets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from pipeline import contract
from pipeline.model.sinks import SinkColumn
from tui.drawing import text
from tui.panels.panel import TablePanel
from tui.streams.sink_topics import SinkTopic, Values, is_signal
from tui.table.query import Page

from .signal_page import SignalPage
from .signal_row import REASONS, SCORE, signal_columns

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.panels.tabs import Tabs
    from tui.streams.event_clock import EventClock
    from tui.streams.limits import StreamLimits
    from tui.streams.panel_state import Own

# What it shows before the profile's signals are known.
_RULES: Final[SinkTopic[Values]] = SinkTopic(
    "rules",
    "fraud_signals_rules",
    tuple,
    columns=(
        SinkColumn(contract.KEY_COLUMN, "int64", computed=False),
        SinkColumn(contract.TIME_COLUMN, "timestamp(3)", computed=False),
        SinkColumn("trans_num", "string", computed=False),
        SinkColumn("amt", "float64", computed=False),
        SinkColumn("is_fraud", "int32", computed=False),
        SinkColumn(SCORE, "float64", computed=True),
        SinkColumn(REASONS, "string", computed=True),
    ),
    time=contract.TIME_COLUMN,
    user=contract.KEY_COLUMN,
    threshold=0.5,
    amount="amt",
    label="is_fraud",
    identity="trans_num",
)


def _state(limits: StreamLimits, _: EventClock, own: Own) -> Tabs:
    from .signal_tabs import SignalTabs

    return SignalTabs(own.sinks or (_RULES,), limits)


def _widgets() -> Iterable[Widget]:
    from .signal_lines import SignalLines
    from .signals_table import SignalsTable

    return SignalLines(), SignalsTable()


def _counted(page: Page[Any]) -> str:
    """Describe how many alerts there are, and of how many records; empty before the first one."""
    if not isinstance(page, SignalPage) or not page.scored:
        return ""
    return f"{text.integer(page.alerts)} of {text.integer(page.scored)}"


SIGNALS: Final[TablePanel[Any]] = TablePanel(
    name="signals",
    title="Signals",
    key="7",
    sinks=(),
    tabs=(),
    adopts=is_signal,
    expected=_RULES,
    state=_state,
    widgets=_widgets,
    columns=signal_columns(_RULES),
    nothing=SignalPage(),
    counted=_counted,
)
