"""Verifies a job in a process of its own, of the lowest priority, for a console that goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from pipeline import private_file
from pipeline.config import Settings
from pipeline.proof import Proof

from .own_process import ask


def prove(settings: Settings, name: str, report: Callable[[str], None]) -> Proof:
    """Compare a job's rows with their batch recomputation, and keep the result.

    The process ends when the calling one does.

    Args:
        settings: Settings of the profile.
        name: The job.
        report: Called with what is being done.

    Raises:
        PipelineError: It cannot be compared; the message says why.
        UnavailableError: The process has ended early.
    """
    private_file.make_directory(workspace(settings))
    proof = ask(
        f"{__package__}.prover_process",
        settings,
        name,
        report,
        log=settings.logs_dir / "prover.log",
        environment={"TMPDIR": str(workspace(settings))},
    )
    return msgspec.json.decode(proof, type=Proof)


def workspace(settings: Settings) -> Path:
    """Return the folder of the process's temporary files."""
    return settings.state_dir / "proving"
