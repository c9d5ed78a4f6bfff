"""All panels that show the streams, in the order of their keys."""

from __future__ import annotations

from typing import Any, Final

from .flagged.flagged_panel import FLAGGED_PANEL
from .panel import Panel, TablePanel
from .plots.plots_panel import PLOTS
from .users.users_panel import USERS
from .windows.windows_panel import WINDOWS

TABLE_PANELS: Final[tuple[TablePanel[Any], ...]] = (USERS, WINDOWS, FLAGGED_PANEL)
PANELS: Final[tuple[Panel[Any], ...]] = (*TABLE_PANELS, PLOTS)
