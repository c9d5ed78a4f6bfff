"""All panels that show the streams, in the order of their keys."""

from __future__ import annotations

from typing import Any, Final

from .flagged.flagged_panel import FLAGGED_PANEL
from .panel import Panel, TablePanel
from .plots.plots_panel import PLOTS
from .signals.signals_panel import SIGNALS
from .users.users_panel import USERS
from .windows.windows_panel import WINDOWS

TABLE_PANELS: Final[tuple[TablePanel[Any], ...]] = (USERS, WINDOWS, FLAGGED_PANEL, SIGNALS)
PANELS: Final[tuple[Panel[Any], ...]] = (USERS, WINDOWS, FLAGGED_PANEL, PLOTS, SIGNALS)
