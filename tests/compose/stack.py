"""The stack as users run it: Compose on one side, `fraudwatch` on the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .engine import Engine

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"


def described() -> dict[str, Any]:
    """The parsed file."""
    said: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return said


@dataclass(frozen=True, slots=True)
class Stack:
    """One project of Compose.

    Attributes:
        engine: Engine of its containers.
        project: Its name.
        environment: Variables with its ports, and with the state directory of the command that
            attaches to it.
    """

    engine: Engine
    project: str
    environment: Mapping[str, str]

    def compose(self, *arguments: str, timeout: float = 600, check: bool = True) -> str:
        """Run docker-compose; returns its output."""
        command: tuple[str | Path, ...] = (
            "docker-compose",
            "-p",
            self.project,
            "-f",
            FILE,
            *arguments,
        )
        done = self.engine.run(*command, timeout=timeout, check=check, **self.environment)
        return done.stdout

    def container(self, service: str) -> dict[str, Any]:
        """What the engine reports about a service's container."""
        ours = {"project": self.project, "service": service}
        labels = [f"--filter=label=com.docker.compose.{name}={is_}" for name, is_ in ours.items()]
        (found,) = self.engine.run("podman", "ps", "--all", "--quiet", *labels).stdout.split()
        said: dict[str, Any]
        (said,) = json.loads(self.engine.run("podman", "container", "inspect", found).stdout)
        return said

    def inside(self, service: str, *command: str) -> str:
        """Run a command in a service's container; returns its output."""
        name = self.container(service)["Id"]
        return self.engine.run("podman", "exec", name, *command).stdout.strip()

    def fraudwatch(self, *arguments: str, timeout: float = 900) -> subprocess.CompletedProcess[str]:
        """Run `fraudwatch --profile compose` on the host."""
        return subprocess.run(
            (Path(sys.executable).parent / "fraudwatch", *arguments, "--profile", "compose"),
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
