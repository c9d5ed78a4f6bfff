"""From a new topic to a live feature, by what `docs/writing-a-source.md` says."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from .documents import DOCS, blocks_in, commands, commands_in, section, write_my_payments

PAGE: Final = DOCS / "writing-a-source.md"
TOPIC: Final = "payments"
FILE: Final = "first_look.py"
_SECONDS: Final = 600
_SECTION: Final = section(PAGE, "From a new topic to a live feature")
SHOWN, FEATURE = blocks_in(_SECTION, "python")
"""What `inspect` prints, and the feature that is written below it."""


class Step(NamedTuple):
    """A command of the page, and how it ended; `seconds` of wall time."""

    line: str
    done: subprocess.CompletedProcess[str]
    seconds: float


class Reader:
    """Who follows the page, in a folder.

    Args:
        folder: The folder, with nothing in it yet.
        environment: Variables with which commands find the stack, and the program.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        write_my_payments(folder)

    def send(self) -> list[Step]:
        """Create the topic, and send payments to it."""
        return [self._run(line) for line in commands(PAGE)[:2]]

    def steps(self) -> list[Step]:
        """Run the commands of the section; what `inspect` prints is pasted above the feature."""
        steps = []
        for line in commands_in(_SECTION):
            steps.append(self._run(line))
            if line.startswith("fraudwatch inspect "):
                write_first_look(self._folder, steps[-1].done.stdout)
        return steps

    def _run(self, line: str) -> Step:
        began = time.monotonic()
        done = subprocess.run(
            shlex.split(line),
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return Step(line, done, time.monotonic() - began)


def write_first_look(folder: Path, declaration: str = SHOWN) -> None:
    """The file with the declaration, as a reader pastes it, and the feature below it."""
    (folder / FILE).write_text(f"{declaration}\n\n{FEATURE}")
