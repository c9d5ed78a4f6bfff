"""The process that verifies a job; see `prover`."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from _thread import interrupt_main
from pathlib import Path
from typing import Final

import msgspec

from pipeline import config, private_file
from pipeline.config import Settings
from pipeline.errors import PipelineError
from pipeline.proof import Proof

from .local.child_process import LOWEST_PRIORITY
from .local.control import Refused
from .prover import Found, Line, Said, workspace
from .runtime import Runtime

_ENDING_SECONDS: Final = 10.0


def main() -> int:
    """Verify the job that is named in the command, with the settings in the first line of stdin."""
    os.nice(LOWEST_PRIORITY)
    os.umask(0o077)
    # Also where the caller ignores it, as in a shell's background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    settings = config.from_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_caller, name="caller", daemon=True).start()
    try:
        # One at a time, however many consoles there are: it is to take little of the machine.
        _say(Said("waiting for another proof"))
        with private_file.locked(workspace(settings)):
            _clear(workspace(settings))
            _say(Found(_proof(settings, sys.argv[1])))
    except PipelineError as error:
        _say(Refused(error.message, error.hint))
    except (KeyboardInterrupt, BrokenPipeError):
        return 1
    return 0


def _clear(folder: Path) -> None:
    """Remove what a process has left behind that was killed."""
    for left in folder.iterdir():
        shutil.rmtree(left, ignore_errors=True)


def _proof(settings: Settings, name: str) -> Proof:
    _, proof = Runtime(settings).verified(name, lambda text: _say(Said(text)))
    return proof


def _say(line: Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_caller() -> None:
    sys.stdin.buffer.read()
    # The database's files are removed on the way out, unless that takes too long.
    late = threading.Timer(_ENDING_SECONDS, lambda: os._exit(1))
    late.daemon = True
    late.start()
    interrupt_main()


if __name__ == "__main__":
    sys.exit(main())
