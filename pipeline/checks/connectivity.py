"""Checks each profile: are its settings valid, and do its Kafka and Flink answer?"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from pipeline import config
from pipeline.config import Settings
from pipeline.errors import PipelineError
from pipeline.model.stack import Health
from pipeline.stack.endpoints import Endpoints, Stack

_FLINK_SECONDS: Final = 3.0
_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Connectivity:
    """Whether the Kafka and the Flink of a profile answer.

    Attributes:
        profile: The profile's name.
        files: The settings files that define it; none for an unchanged built-in profile.
        sandbox: Whether it is a sandbox; None if the settings are invalid.
        built_in: Whether it has the tutorial's features and stream, likewise.
        kafka: Kafka's address; empty for a managed broker that does not run.
        flink: Address of Flink's REST API, likewise.
        kafka_health: Whether Kafka answers and accepts the credentials; None if the settings are
            invalid.
        flink_health: Whether Flink does, likewise.
        problems: What is wrong, a sentence each.
    """

    profile: str
    files: tuple[Path, ...]
    sandbox: bool | None = None
    built_in: bool | None = None
    kafka: str = ""
    flink: str = ""
    kafka_health: Health | None = None
    flink_health: Health | None = None
    problems: tuple[str, ...] = ()


def check_profiles(names: Sequence[str]) -> tuple[Connectivity, ...]:
    """Check profiles concurrently: it takes as long as the slowest one.

    Args:
        names: Names of the profiles.

    Raises:
        ConfigError: A settings file cannot be read.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fraudwatch-profiles") as pool:
        return tuple(pool.map(_try, names))


def _try(name: str) -> Connectivity:
    files = config.files_with(name)
    try:
        settings = config.load(name)
    except PipelineError as error:
        return Connectivity(name, files, problems=(str(error),))
    flink = msgspec.structs.replace(
        settings.flink, timeout=min(settings.flink.timeout, _FLINK_SECONDS)
    )
    settings = msgspec.structs.replace(settings, flink=flink)
    stack = Stack(settings)
    try:
        return _connect(settings, files, stack)
    finally:
        stack.close()


def _connect(settings: Settings, files: tuple[Path, ...], stack: Stack) -> Connectivity:
    try:
        running = stack.find_endpoints()
        endpoints = running or Endpoints(settings.kafka, settings.flink)
        condition = stack.condition(endpoints)
    except PipelineError as error:
        return Connectivity(
            settings.profile,
            files,
            settings.sandbox,
            settings.built_in,
            problems=(str(error),),
        )
    problems = condition.problems
    if running is None and Health.OFF in (condition.kafka, condition.flink):
        problems = (*problems, "Its local stack is not running.")
    return Connectivity(
        profile=settings.profile,
        files=files,
        sandbox=settings.sandbox,
        built_in=settings.built_in,
        kafka=endpoints.kafka.bootstrap,
        flink=endpoints.flink.rest,
        kafka_health=condition.kafka,
        flink_health=condition.flink,
        problems=problems,
    )
