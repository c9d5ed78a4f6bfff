"""What the commands share: common options and output."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from cyclopts.validators import Number

from pipeline import config
from pipeline.config import KafkaSettings, Settings
from pipeline.errors import UnavailableError
from pipeline.text.sanitise import ascii_json, json_line, sanitised

from .terminal import as_printed, takes

NOT_NEGATIVE: Final = Number(gte=0)
_SILENT_SECONDS: Final = 10.0


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options that every command takes."""

    profile: str = config.LOCAL_PROFILE
    "The profile of fraudwatch.toml to use."

    features: Annotated[tuple[Path, ...], Parameter(negative="", show_default=False)] = ()
    "A Python file with features of your own; may be repeated."

    @property
    def settings(self) -> Settings:
        """Load the settings of the chosen profile."""
        return config.load(self.profile, features=self.features)


Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
Mappings = Annotated[tuple[str, ...], Parameter(name="--map", negative="", show_default=False)]


def print_json(value: object) -> None:
    """Print one JSON document; in ASCII if stdout's encoding lacks a character."""
    line = json_line(value)
    print(line if takes(line) else ascii_json(line))


def require_topic(kafka: KafkaSettings, topic: str, *, nor: str = "", hint: str = "") -> None:
    """Return if there is such a topic.

    Args:
        kafka: The cluster.
        topic: Its name in Kafka.
        nor: What else was looked for under this name, such as a file.
        hint: What to do; by default, which topics there are.

    Raises:
        UnavailableError: There is none, or Kafka cannot be reached.
    """
    from pipeline.kafka.topics import topic_names

    known = topic_names(kafka)
    if topic not in known:
        raise UnavailableError(
            f"There is no topic {f'and no {nor} ' if nor else ''}{topic!r}.",
            hint or f"Topics: {', '.join(known) or 'none yet'}.",
        )


def print_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()
) -> None:
    """Print aligned columns under a header.

    Args:
        header: Column titles.
        rows: Cells, as many per row as there are titles.
        right: Indices of the columns to align right.
    """
    # A replaced character may be wider than its replacement.
    header, *rows = [[as_printed(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def say(line: str, *, over: bool = False) -> None:
    """Print progress to stderr, sanitised; stdout holds nothing but the result.

    Args:
        line: The text.
        over: Whether the next line overwrites this one, on a terminal.
    """
    line = sanitised(line)
    drawn_over = _draws_over()
    # A closed stderr must not stop the command.
    with suppress(OSError):
        if drawn_over:
            end = "" if over else "\n"
            print(f"\r\x1b[2K{line}", end=end, file=sys.stderr, flush=True)
        elif not over:
            print(line, file=sys.stderr, flush=True)


def say_hidden(fields: Iterable[str], what: str) -> None:
    """Say which fields are hidden in what another program may read."""
    names = sorted(fields)
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    say(f"Hidden{what}: {listed}; show_sensitive = true shows them.")


def _draws_over() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"


def reporter(
    name: str = "", *, over: bool = False, clock: Callable[[], float] = time.monotonic
) -> Callable[[str], None]:
    """Return a callback that prints the progress of one job, or of a whole command.

    Args:
        name: The job; empty for a command.
        over: Whether each line overwrites the one before. Where that cannot be, as in the log of
            a script, only a line every ten seconds is printed, so that no wait is silent.
        clock: Returns seconds.
    """
    said_at = clock()

    def report(line: str) -> None:
        nonlocal said_at
        line = f"{name}: {line}" if name else line
        if not over:
            say(line)
        elif _draws_over():
            say(f"  … {line}", over=True)
        elif clock() - said_at >= _SILENT_SECONDS:
            said_at = clock()
            say(f"  … {line}")

    return report


def running_kafka(common: Common) -> KafkaSettings:
    """Return the profile's Kafka cluster, once it has answered; Flink is not asked.

    Raises:
        PipelineError: It does not run, or refuses access.
    """
    from pipeline.stack.runtime import Runtime

    return Runtime(common.settings).running_kafka()
