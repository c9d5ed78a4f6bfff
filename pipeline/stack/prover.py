"""Verifies a job in a process of its own, of the lowest priority, for a console that goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from pipeline import config, private_file
from pipeline.config import Settings
from pipeline.errors import PipelineError, UnavailableError
from pipeline.proof import Proof
from pipeline.text.ready_type import ready

from .local.control import Refused


class Said(msgspec.Struct, frozen=True, tag="said"):
    """What is being done."""

    text: str


class Found(msgspec.Struct, frozen=True, tag="found"):
    """The end: what was found."""

    proof: Proof


Line = Said | Found | Refused


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
    log = settings.logs_dir / "prover.log"
    for folder in (settings.logs_dir, workspace(settings)):
        private_file.make_directory(folder)
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.prover_process", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "TMPDIR": str(workspace(settings))},
            start_new_session=True,
        )
    with process:
        assert process.stdin is not None and process.stdout is not None
        # Its stdin stays open: its end tells the process that nobody waits any more.
        process.stdin.write(config.to_json(settings) + b"\n")
        process.stdin.flush()
        for line in process.stdout:
            match msgspec.json.decode(line, type=ready(Line)):
                case Said(text):
                    report(text)
                case Found(proof):
                    return proof
                case Refused(message, hint):
                    raise PipelineError(message, hint)
    raise UnavailableError(f"The process that proves {name} has ended early.", f"Look at {log}.")


def workspace(settings: Settings) -> Path:
    """Return the folder of the process's temporary files."""
    return settings.state_dir / "proving"
