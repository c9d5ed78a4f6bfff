"""Verifies a job in a process of its own, of the lowest priority, for a console that goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from _thread import interrupt_main
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from pipeline import config, private_file
from pipeline.config import Settings
from pipeline.errors import PipelineError, UnavailableError
from pipeline.proof import Proof
from pipeline.text.ready_type import ready

_ENDING_SECONDS: Final = 10.0
_LOWEST_PRIORITY: Final = 19


class Said(msgspec.Struct, frozen=True, tag="said"):
    """What is being done."""

    text: str


class Found(msgspec.Struct, frozen=True, tag="found"):
    """The end: what was found."""

    proof: Proof


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The end: why nothing could be found."""

    message: str
    hint: str


Line = Said | Found | Failed


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
    for folder in (settings.logs_dir, _workspace(settings)):
        private_file.make_directory(folder)
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.stack.prover", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "TMPDIR": str(_workspace(settings))},
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
                case Failed(message, hint):
                    raise PipelineError(message, hint)
    raise UnavailableError(f"The process that proves {name} has ended early.", f"Look at {log}.")


def _workspace(settings: Settings) -> Path:
    """Return the folder of the process's temporary files."""
    return settings.state_dir / "proving"


def main() -> int:
    """Verify the job that is named in the command, with the settings in the first line of stdin."""
    os.nice(_LOWEST_PRIORITY)
    os.umask(0o077)
    # Also where the caller ignores it, as in a shell's background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    settings = config.from_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_caller, name="caller", daemon=True).start()
    try:
        # One at a time, however many consoles there are: it is to take little of the machine.
        with private_file.locked(_workspace(settings)):
            _clear(_workspace(settings))
            _say(Found(_proof(settings, sys.argv[1])))
    except PipelineError as error:
        _say(Failed(error.message, error.hint))
    except (KeyboardInterrupt, BrokenPipeError):
        return 1
    return 0


def _clear(folder: Path) -> None:
    """Remove what a process has left behind that was killed."""
    for left in folder.iterdir():
        shutil.rmtree(left, ignore_errors=True)


def _proof(settings: Settings, name: str) -> Proof:
    from .runtime import Runtime

    runtime = Runtime(settings)
    runtime.verify(name, lambda text: _say(Said(text)))
    return runtime.proofs.last()[name]


def _say(line: Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_caller() -> None:
    sys.stdin.buffer.read()
    # The database's files are removed on the way out, unless that takes too long.
    threading.Timer(_ENDING_SECONDS, lambda: os._exit(1)).start()
    interrupt_main()


if __name__ == "__main__":
    sys.exit(main())
