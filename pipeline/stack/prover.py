"""Verifies a job in a process of its own, of the lowest priority, for a console that goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from pipeline import private_file
from pipeline.config import Settings
from pipeline.proof import Proof
from pipeline.text.ready_type import ready

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
    return msgspec.json.decode(proof, type=ready(Proof))


def prove_on(settings: Settings, report: Callable[[str], None]) -> None:
    """Prove the rows of all jobs as they become final, until `report` raises an exception.

    Args:
        settings: Settings of the profile.
        report: Called with what is being done, at least every few seconds.

    Raises:
        PipelineError: The stack does not answer.
        UnavailableError: The process has ended.
    """
    folder = running_workspace(settings)
    private_file.make_directory(folder)
    ask(
        f"{__package__}.running_prover_process",
        settings,
        None,
        report,
        log=settings.logs_dir / "running-prover.log",
        environment={"TMPDIR": str(folder)},
    )


def workspace(settings: Settings) -> Path:
    """Return the folder of the temporary files of a proof that is asked for."""
    return settings.state_dir / "proving"


def running_workspace(settings: Settings) -> Path:
    """Return the folder of the temporary files of the proofs that run on."""
    return settings.state_dir / "proving-on"
