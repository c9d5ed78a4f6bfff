"""Runs commands in this process against servers that answer, or do not, and collects faults."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

import pytest

from pipeline.cli.app import main
from tui.web.command import serve

from .broker import PARTITIONS
from .http_server import HttpServer
from .kafka_server import KafkaServer
from .said import Said, documented_codes

DEADLINE: Final = 90.0
"""Seconds that a command may take at most, where no wait is for longer than one."""
OWN: Final = "fuzz"
OTHERS: Final = "company"
REGISTERED: Final = "registered"
PROFILES: Final = f"""
[profile.{OWN}]
sandbox = true
[profile.{OWN}.kafka]
bootstrap = "{{kafka}}"
partitions = {PARTITIONS}
[profile.{OWN}.flink]
rest = "{{flink}}"
timeout = 1.0

[profile.{OTHERS}]
sandbox = false
[profile.{OTHERS}.kafka]
bootstrap = "{{kafka}}"
[profile.{OTHERS}.flink]
rest = "{{flink}}"
timeout = 1.0

[profile.{REGISTERED}]
sandbox = false
[profile.{REGISTERED}.kafka]
bootstrap = "{{kafka}}"
partitions = {PARTITIONS}
[profile.{REGISTERED}.kafka.registry]
url = "{{registry}}"
[profile.{REGISTERED}.flink]
rest = "{{flink}}"
timeout = 1.0
"""


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers to which the profiles attach."""

    kafka: KafkaServer
    flink: HttpServer
    registry: HttpServer

    def begin(self) -> None:
        """Begin a case in which all answer properly."""
        for each in (self.kafka, self.flink, self.registry):
            each.begin(Random(0))


@dataclass(slots=True)
class Trial:
    """Runs commands in this process, and collects their faults.

    Attributes:
        servers: The servers to which they attach.
        capture: Their output, also that of libraries which bypass Python.
        rounds: Factor on the number of cases.
        faults: A text for each command with a fault.
    """

    servers: Servers
    capture: pytest.CaptureFixture[str]
    rounds: int
    faults: list[str] = field(default_factory=list)

    def run(self, command: str) -> Said:
        self.capture.readouterr()
        began = time.monotonic()
        try:
            code = main(command.split(), more=(serve,))
        except Exception:
            # As Python prints an uncaught exception.
            traceback.print_exc()
            code = 1
        seconds = time.monotonic() - began
        said = Said(code, *self.capture.readouterr())
        if seconds > DEADLINE:
            self.note(command, said, [f"it took {seconds:.1f} s"])
        return said

    def note(self, case: str, said: Said, faults: Iterable[str]) -> None:
        if listed := "\n  ".join(faults):
            self.faults.append(f"{case}\n  {listed}\n{said.code}\n{said.out}\n{said.err}")

    def check(
        self,
        command: str,
        case: str,
        *,
        lost: HttpServer | KafkaServer | None = None,
        may_succeed: Sequence[str] = (),
    ) -> Said:
        """Run a command, and check its output and exit code.

        Args:
            command: With its arguments.
            case: Description of the servers' answers.
            lost: The server whose answers are invalid.
            may_succeed: Commands whose exit code is 0 all the same.
        """
        said = self.run(command)
        faults = said.faults(documented_codes(), is_json="--json" in command)
        if lost and lost.garbled:
            if not said.code and not command.startswith(tuple(may_succeed)):
                faults.append("success")
            if lost.address not in said.out + said.err:
                faults.append("where is not said")
        self.note(f"{command}: {case}", said, faults)
        return said

    def end(self) -> None:
        """Fail with all faults."""
        if self.faults:
            pytest.fail("\n\n".join(self.faults), pytrace=False)
