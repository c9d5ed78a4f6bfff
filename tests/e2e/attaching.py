"""Commands of a profile that attaches to an external Kafka and Flink."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from .conftest import Run, stack_environment

_PROFILE: Final = """
[profile.company]
sandbox = true
parallelism = 1

[profile.company.kafka]
bootstrap = "{bootstrap}"

[profile.company.flink]
rest = "{rest}"
job_prefix = "{folder.name}-"
checkpoints = "file://{folder}/checkpoints"
savepoints = "file://{folder}/savepoints"
"""
_SECONDS: Final = 600


def attached(folder: Path, bootstrap: str, rest: str) -> Run:
    """Runs `fraudwatch` with such a profile; a traceback is never an answer.

    Args:
        folder: For the profile's file and all that it keeps.
        bootstrap: Where Kafka is.
        rest: Where Flink is.
    """
    text = _PROFILE.format(bootstrap=bootstrap, rest=rest, folder=folder)
    (folder / "fraudwatch.toml").write_text(text)
    environment = os.environ | stack_environment(folder / "state")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [Path(sys.executable).parent / "fraudwatch", *arguments, "--profile", "company"],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run
