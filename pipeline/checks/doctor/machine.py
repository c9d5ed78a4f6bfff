"""Checks whether this machine can run the local stack."""

from __future__ import annotations

import math
import os
import resource
import subprocess
import sys
from collections.abc import Iterable
from typing import Final, NamedTuple

import psutil

from pipeline.config import Settings
from pipeline.errors import ConfigError
from pipeline.stack.local import class_data, disk, jars
from pipeline.stack.local.control import ProcessReport
from pipeline.stack.local.java import java_home
from pipeline.stack.local.ports import listening
from pipeline.text.words import counted

from .finding import Finding, good, skipped, warning

_MIB: Final = 1024 * 1024
_ANSWER_SECONDS: Final = 10
_JAVA_OPTIONS: Final = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS")
# Memory of the stack with a console, with some reserve; see `make bench`.
_LEAST_MEMORY: Final = 1_500 * _MIB
# Several times what the broker holds with the built-in topics. A JVM raises its limit to the hard
# one by itself, so the soft one does not matter.
_LEAST_FILES: Final = 1_024
# The share of the files a process may open above which it is about to fail.
_MUCH: Final = 0.8


def java(settings: Settings) -> Finding:
    """Check that the configured or bundled Java exists and runs."""
    executable = java_home(settings) / "bin" / "java"
    try:
        answer = subprocess.run(
            [executable, "-version"],
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        told = [name for name in _JAVA_OPTIONS if os.environ.get(name)]
        raise ConfigError(
            f"{executable} does not run: {_why(error)}.",
            f"Look at what {' and '.join(told)} tells every Java."
            if told
            else "Install fraudwatch again, or set FRAUDWATCH_JAVA_HOME to a Java 17 or 21.",
        ) from error
    # Java first repeats the options of the environment, in which there may be passwords.
    version = next((line for line in answer.stderr.splitlines() if " version " in line), "Java")
    return good("Java", f"{version}, {'your own' if settings.java_home else 'bundled'}")


def _why(error: OSError | subprocess.SubprocessError) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it did not answer within {_ANSWER_SECONDS} s"
    if isinstance(error, subprocess.CalledProcessError):
        return f"it ended with exit code {error.returncode}"
    return str(getattr(error, "strerror", None) or error)


def kafka_jars(settings: Settings) -> Finding:
    """Check that the broker's jars are in the cache."""
    return _jars("Kafka jars", jars.manifest().kafka, settings)


def flink_jars(settings: Settings) -> Finding:
    """Check that Flink's planner and its Kafka connector are in the cache."""
    known = jars.manifest()
    return _jars("Flink jars", known.planner + known.connector, settings)


def _jars(check: str, wanted: tuple[jars.Jar, ...], settings: Settings) -> Finding:
    absent = jars.missing(wanted, settings.jars_dir)
    if absent:
        size = sum(jar.size for jar in absent) / _MIB
        return warning(
            check,
            f"{len(absent)} of {counted(len(wanted), 'file')} not in {settings.jars_dir}",
            f"The next start downloads them, {size:,.0f} MiB.",
        )
    return good(check, f"{len(wanted)} in {settings.jars_dir}")


def state_directory(settings: Settings) -> Finding:
    """Check that there is room for data, logs and checkpoints."""
    room = disk.room_for_state(settings.state_dir)
    managed = not (settings.kafka.attached and settings.flink.attached)
    if managed and not disk.allows_programs(settings.state_dir):
        return warning(
            "State directory",
            f"{room}, mounted with noexec: the local stack cannot read snappy and zstd",
            "Set FRAUDWATCH_STATE_DIR to a directory on another file system.",
        )
    return good("State directory", room)


def cache_directory(settings: Settings) -> Finding:
    """Check that there is room for jars and class data archives."""
    room = disk.room_for_state(settings.cache_dir)
    number, size = class_data.stored(settings)
    archives = f"{number} class archives, {size / _MIB:,.0f} MiB, in its folder classes"
    return good("Cache directory", f"{room}; {archives}")


def memory() -> Finding:
    """Check that there is enough free memory for the stack."""
    free = psutil.virtual_memory().available
    found = f"{free / _MIB:,.0f} MiB free"
    if free < _LEAST_MEMORY:
        return warning("Memory", found, "The whole stack takes about 1,200 MiB.")
    return good("Memory", found)


def open_files(processes: Iterable[ProcessReport]) -> Finding:
    """Check that processes may open enough files and connections.

    Args:
        processes: Those of the running stack, whose limits are those of the shell that started it;
            none if it does not run.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = "no limit" if most == resource.RLIM_INFINITY else f"up to {most:,} per process"
    if most != resource.RLIM_INFINITY and most < _LEAST_FILES:
        return warning(
            "Open files",
            found,
            "Kafka needs about 150, and more for each connection and for each segment of a "
            f"partition: allow {_LEAST_FILES:,} (`ulimit -n`), then start the stack again.",
        )
    held = []
    for process in processes:
        usage = file_usage(process.pid) if process.pid else None
        if usage is None:
            continue
        held.append(f"{process.title} {usage.open:,}")
        if usage.open > _MUCH * usage.most:
            return warning(
                "Open files",
                f"{process.title} has {usage.open:,} of at most {usage.most:,} open",
                "Raise the limit (`ulimit -n`), then start the stack again.",
            )
    return good("Open files", f"{found}; open: {', '.join(held)}" if held else found)


class FileUsage(NamedTuple):
    """Open files and connections of a process, and how many it may open."""

    open: int
    most: float


def file_usage(pid: int) -> FileUsage | None:
    """Return how many files a process has open; None if it has ended, or is another user's."""
    most = math.inf
    try:
        process = psutil.Process(pid)
        if sys.platform == "linux":
            # A JVM has raised it to the hard one.
            limit, _ = process.rlimit(psutil.RLIMIT_NOFILE)
            most = math.inf if limit == psutil.RLIM_INFINITY else limit
        return FileUsage(process.num_fds(), most)
    except (psutil.Error, OSError):
        return None


def port(check: str, number: int, setting: str, ours: str) -> Finding:
    """Check whether a preferred port of the local stack is free.

    Args:
        check: Name of the check.
        number: The port; 0 for any.
        setting: The environment variable that sets it.
        ours: Address that the running stack listens on; empty if it does not run.
    """
    if number == 0:
        return skipped(check, "any free one")
    if ours:
        return good(check, f"the stack has {ours.removeprefix('http://')}")
    if listening(number):
        return warning(
            check,
            f"another process listens on {number}",
            f"The stack takes a free one instead; set {setting} to choose it.",
        )
    return good(check, f"{number} is free")
