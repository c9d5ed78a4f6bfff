"""Checks whether this machine can run the local stack."""

from __future__ import annotations

import subprocess
from typing import Final

import psutil

from pipeline.config import Settings
from pipeline.errors import ConfigError
from pipeline.stack.local import class_data, disk, jars
from pipeline.stack.local.java import java_home
from pipeline.stack.local.ports import listening
from pipeline.text.words import counted

from .finding import Finding, good, skipped, warning

_MIB: Final = 1024 * 1024
_ANSWER_SECONDS: Final = 10
# Memory of the stack with a console, with some reserve; see `make bench`.
_LEAST_MEMORY: Final = 1_500 * _MIB


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
        raise ConfigError(
            f"{executable} does not run: {error}.",
            "Install fraudwatch again, or set FRAUDWATCH_JAVA_HOME to a Java 17 or 21.",
        ) from error
    version = answer.stderr.partition("\n")[0]
    return good("Java", f"{version}, {'your own' if settings.java_home else 'bundled'}")


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
    return good("State directory", disk.room_for_state(settings.state_dir))


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
