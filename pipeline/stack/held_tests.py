"""Writes a test of what rows are computed from, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from pipeline.config import Settings
from pipeline.model.held_tests import WantedTest, WrittenTest
from pipeline.text.ready_type import ready

from .own_process import ask

# By its name, since it needs a whole stack.
_PROCESS: Final = "pipeline.holding.holding_process"


def write_test(
    settings: Settings, wanted: WantedTest, report: Callable[[str], None]
) -> WrittenTest:
    """Write a test; see `pipeline.holding.case`.

    The process ends when the calling one does, and when `report` raises an exception.

    Raises:
        PipelineError: It cannot be written; the message says why.
        UnavailableError: The process has ended early.
    """
    held = ask(_PROCESS, settings, wanted, report, log=settings.logs_dir / "holding.log")
    return msgspec.json.decode(held, type=ready(WrittenTest))
