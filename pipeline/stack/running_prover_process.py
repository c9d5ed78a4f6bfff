"""The process that proves jobs as they run; see `prover`."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from math import ceil
from typing import Final, NoReturn

from pipeline import private_file
from pipeline.config import Settings
from pipeline.errors import PipelineError

from .local.child_process import give_way
from .own_process import Report, answer
from .prover import running_workspace
from .running_prover import RunningProver

_SHARE: Final = 0.2
"""Of one core that it takes at most, on average."""
_PAUSE_SECONDS: Final = 2.0
_ENDING_SECONDS: Final = 2.0
"""What it then leaves behind, its next start removes."""


def main() -> int:
    """Prove until the caller ends."""
    give_way()
    return answer(_prove, None, patience=_ENDING_SECONDS)


def _prove(settings: Settings, _task: None, report: Report) -> NoReturn:
    folder = running_workspace(settings)
    report("waiting for another console")
    with private_file.locked(folder), closing(RunningProver(settings, report)) as prover:
        while True:
            began = time.process_time()
            try:
                prover.round()
            except PipelineError as error:
                # As while Kafka is down: what has been read until then still counts.
                report(f"waiting: {error}")
            busy = time.process_time() - began
            for _ in range(_pauses(busy)):
                # The caller takes the occasion to end this.
                report("resting")
                time.sleep(_PAUSE_SECONDS)


def _pauses(busy: float) -> int:
    """Return how often to pause after so many seconds of work, once at least."""
    return max(1, ceil(busy * (1 / _SHARE - 1) / _PAUSE_SECONDS))


if __name__ == "__main__":
    sys.exit(main())
