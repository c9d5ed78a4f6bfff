"""The process that writes a test of a row; see `pipeline.stack.held_tests`."""

from __future__ import annotations

import sys

from pipeline.config import Settings
from pipeline.model.held_tests import WantedTest, WrittenTest
from pipeline.stack.own_process import Report, answer
from pipeline.stack.runtime import Runtime

from .case import Case, hold, shrink


def _write(settings: Settings, wanted: WantedTest, report: Report) -> WrittenTest:
    case = Case.of(Runtime(settings), wanted.feature, None, report)
    return (shrink if wanted.smallest else hold)(case, wanted.row)


if __name__ == "__main__":
    sys.exit(answer(_write, WantedTest))
