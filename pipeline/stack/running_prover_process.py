"""The process that proves jobs as they run; see `prover`."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from typing import Final, NoReturn

from pipeline import private_file
from pipeline.config import Settings

from .local.child_process import give_way
from .own_process import Report, answer
from .prover import clear, running_workspace
from .running_prover import RunningProver

_SHARE: Final = 0.2
"""Of one core that it takes at most, on average."""
_PAUSE_SECONDS: Final = 2.0


def main() -> int:
    """Prove until the caller ends."""
    give_way()
    return answer(_prove, None)


def _prove(settings: Settings, _: None, report: Report) -> NoReturn:
    folder = running_workspace(settings)
    report("waiting for another console")
    with private_file.locked(folder), closing(RunningProver(settings, report)) as prover:
        clear(folder)
        while True:
            began = time.process_time()
            prover.round()
            busy = time.process_time() - began
            report("resting")
            time.sleep(max(_PAUSE_SECONDS, busy * (1 / _SHARE - 1)))


if __name__ == "__main__":
    sys.exit(main())
