"""Looks for anything that may keep fraudwatch from working; starts and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from pipeline import config
from pipeline.config import Settings
from pipeline.errors import PipelineError
from pipeline.features import BUILT_IN, Registry
from pipeline.stack import catalog
from pipeline.stack.endpoints import Endpoints, Stack

from . import machine, running
from .finding import CheckOutcome, Finding, failed, good, run_check, skipped

__all__ = ["CheckOutcome", "Finding", "examine"]


def examine(load: Callable[[], Settings]) -> Iterator[Finding]:
    """Yield the findings of all checks; none takes longer than some seconds.

    Args:
        load: Loads the settings; if they are invalid, nothing else is checked.
    """
    try:
        settings = load()
    except PipelineError as error:
        yield failed("Settings", error)
        return
    files = ", ".join(map(str, config.files())) or "no file, so the defaults"
    alone = "" if settings.built_in else ", with features of its own only"
    yield good("Settings", f"profile {settings.profile}{alone}; {files}")
    yield from _machine(settings)
    registry = BUILT_IN if settings.built_in else Registry(())
    try:
        registry = catalog.runnable(settings)
        yield good("Features", ", ".join(registry.names))
    except PipelineError as error:
        yield failed("Features", error)
    yield from _stack(settings, registry)


def _machine(settings: Settings) -> Iterator[Finding]:
    endpoints = Stack(settings).find_endpoints()
    ours = endpoints is not None and endpoints.report is not None
    started = endpoints.report.processes if endpoints and endpoints.report else ()
    checks: dict[str, Callable[[], Finding]] = {"Java": lambda: machine.java(settings)}
    if not settings.kafka.attached:
        checks["Kafka jars"] = lambda: machine.kafka_jars(settings)
    checks |= {
        "Flink jars": lambda: machine.flink_jars(settings),
        "State directory": lambda: machine.state_directory(settings),
        "Cache directory": lambda: machine.cache_directory(settings),
        "Memory": machine.memory,
        "Open files": lambda: machine.open_files(started),
    }
    if not settings.kafka.attached:
        address = endpoints.kafka.bootstrap if endpoints and ours else ""
        checks["Kafka port"] = lambda: machine.port(
            "Kafka port", settings.kafka.port, "FRAUDWATCH_KAFKA_PORT", address
        )
    if not settings.flink.attached:
        rest = endpoints.flink.rest if endpoints and ours else ""
        checks["Flink port"] = lambda: machine.port(
            "Flink port", settings.flink.port, "FRAUDWATCH_FLINK_PORT", rest
        )
    for check, look in checks.items():
        yield run_check(check, look)


def _stack(settings: Settings, registry: Registry) -> Iterator[Finding]:
    known = Stack(settings)
    endpoints = known.find_endpoints()
    checks: dict[str, Callable[[Endpoints], Finding]] = {
        "Processes": running.processes,
        "Kafka": lambda found: running.kafka(found, known),
        "Topics": lambda found: running.all_topics(found, registry.at_start),
        **({"Schema registry": running.registry} if settings.kafka.registry.url else {}),
        **{
            running.records_title(source): partial(running.records, source=source)
            for source in registry.sources
        },
        "Flink": lambda found: running.flink(found, known),
        "Slots": lambda found: running.slots(found, known, settings, registry.at_start),
        "Jobs": lambda found: running.jobs(found, known, registry),
    }
    for check, look in checks.items():
        if endpoints is None:
            yield skipped(check, "the stack does not run")
        else:
            yield run_check(check, partial(look, endpoints))
