"""What the commands share: which profile, and how things are printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pipeline import config
from pipeline.config import KafkaSettings, Settings
from pipeline.text.sanitise import ascii_json, json_line, sanitised

from .terminal import takes


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options of every command."""

    profile: str = config.LOCAL_PROFILE
    "Which stack: a profile of fraudwatch.toml."

    features: Annotated[tuple[Path, ...], Parameter(negative="", show_default=False)] = ()
    "A Python file with features of your own; may be said several times."

    @property
    def settings(self) -> Settings:
        """The profile's settings."""
        return config.load(self.profile, features=self.features)


Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]


def print_json(value: object) -> None:
    """One JSON document on stdout, in ASCII where its character set lacks a character."""
    line = json_line(value)
    print(line if takes(line) else ascii_json(line))


def print_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> None:
    """Aligned columns under a header.

    Args:
        header: Column titles.
        rows: Cells, as many as there are titles.
        right: Numbers of the columns that hold figures and are aligned right.
    """
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def say(line: str, *, over: bool = False) -> None:
    """Progress on stderr, so that stdout holds nothing but the result; made harmless.

    Args:
        line: What to say.
        over: Whether the line may be written over by the next one, on a terminal.
    """
    line = sanitised(line)
    drawn_over = sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"
    # Progress that nobody reads any more is no reason to stop.
    with suppress(OSError):
        if drawn_over:
            end = "" if over else "\n"
            print(f"\r\x1b[2K{line}", end=end, file=sys.stderr, flush=True)
        elif not over:
            print(line, file=sys.stderr, flush=True)


def reporter(name: str, *, over: bool = False) -> Callable[[str], None]:
    """Says what is being done about one job."""
    return lambda line: say(f"  … {name}: {line}" if over else f"{name}: {line}", over=over)


def running_kafka(common: Common) -> KafkaSettings:
    """The profile's Kafka; Flink is not asked.

    Raises:
        PipelineError: It does not run, or does not let us in.
    """
    from pipeline.stack.runtime import Runtime

    return Runtime(common.settings).running_kafka()
