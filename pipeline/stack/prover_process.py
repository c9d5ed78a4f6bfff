"""The process that verifies a job; see `prover`."""

from __future__ import annotations

import sys

from pipeline import private_file
from pipeline.config import Settings
from pipeline.proof import Proof

from .local.child_process import give_way
from .own_process import Report, answer
from .prover import workspace
from .runtime import Runtime


def main() -> int:
    """Verify the job that the caller names."""
    give_way()
    return answer(_proof, str)


def _proof(settings: Settings, name: str, report: Report) -> Proof:
    # One at a time, however many consoles there are: it is to take little of the machine.
    report("waiting for another proof")
    with private_file.locked(workspace(settings)):
        _, proof = Runtime(settings).verified(name, report)
        return proof


if __name__ == "__main__":
    sys.exit(main())
