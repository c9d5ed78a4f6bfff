"""Starts the supervisor, detached from the console that needs it."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Final

from pipeline import config, private_file
from pipeline.config import Settings
from pipeline.errors import UnavailableError

from . import disk, java
from .child_process import last_lines
from .control import Control, GetReport, Report

_PATIENCE_SECONDS: Final = 20.0
_STOPPING_SECONDS: Final = 60.0


def connect(settings: Settings) -> Control:
    """Return a connection to the supervisor, which is started if necessary.

    Raises:
        UnavailableError: It could not be started, or there is too little disk space.
        ConfigError: The configured Java cannot be used.
    """
    try:
        control = Control(settings.state_dir)
    except UnavailableError:
        return _launch(settings)
    if not control.ask(GetReport(), Report).stopping:
        return control
    # The supervisor is ending because the last console has released it: start a new one.
    with control:
        control.wait_closed(_STOPPING_SECONDS)
    return _launch(settings)


def _launch(settings: Settings) -> Control:
    java.java_home(settings)
    disk.room_for_state(settings.state_dir)
    for folder in (settings.state_dir, settings.logs_dir):
        private_file.make_directory(folder)
    log = settings.logs_dir / "supervisor.log"
    private_file.touch(log)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.stack.local.supervisor"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd=settings.state_dir,
            # Its own session, so that closing the terminal does not end it prematurely.
            start_new_session=True,
        )
    assert process.stdin is not None
    process.stdin.write(config.to_json(settings))
    process.stdin.close()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            return Control(settings.state_dir)
        except UnavailableError:
            if process.poll() is not None:
                break
            time.sleep(0.02)
    raise UnavailableError(
        f"The local stack could not be started: {last_lines(log, 1) or 'no answer'}",
        f"Look at {log}.",
    )
