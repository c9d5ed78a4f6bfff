"""Whether the stack that runs is well."""

from __future__ import annotations

from pipeline import schema
from pipeline.config import Settings
from pipeline.errors import InputError, JobError, UnavailableError
from pipeline.features import Registry
from pipeline.kafka import topics
from pipeline.local.control import Report
from pipeline.local_stack import LocalStack
from pipeline.model import Health

from .finding import Finding, good, warning


def processes(report: Report) -> Finding:
    """Every process is up."""
    down = [process for process in report.processes if process.health is not Health.UP]
    if down:
        first = down[0]
        raise UnavailableError(
            f"The {first.title} is {first.health}{': ' if first.detail else ''}{first.detail}.",
            f"Look at `fraudwatch logs {first.name}`.",
        )
    restarts = sum(process.restarts for process in report.processes)
    again = f", started again {restarts} times" if restarts else ""
    return good("Processes", f"{len(report.processes)} up{again}")


def kafka(report: Report) -> Finding:
    """The broker answers."""
    held = topics.list_topics(report.bootstrap)
    records = sum(topic.records for topic in held)
    return good("Kafka", f"{report.bootstrap}, {len(held)} topics, {records:,} records")


def all_topics(report: Report, registry: Registry) -> Finding:
    """Every topic of a feature is there, with the partitions that it was made with."""
    held = {topic.name: topic for topic in topics.list_topics(report.bootstrap)}
    wanted = (schema.TRANSACTION_TOPIC, *registry.topics.values())
    missing = [name for name in wanted if name not in held]
    if missing:
        raise InputError(
            f"Kafka has no topic {' and no '.join(missing)}.", "`fraudwatch up` makes it."
        )
    odd = [name for name in wanted if len(held[name].partitions) != schema.PARTITIONS]
    if odd:
        return warning(
            "Topics",
            f"not of {schema.PARTITIONS} partitions: {', '.join(odd)}",
            "Results are right all the same; a user's records stay in order.",
        )
    return good("Topics", f"{len(wanted)} with {schema.PARTITIONS} partitions each")


def flink(report: Report, stack: LocalStack) -> Finding:
    """The JobManager answers, and a TaskManager offers slots."""
    overview = stack.rest(report.rest).overview()
    if overview.taskmanagers == 0:
        raise UnavailableError(
            f"Flink at {report.rest} has no TaskManager.",
            "Look at `fraudwatch logs taskmanager`.",
        )
    slots = overview.slots
    return good("Flink", f"{report.rest}, {slots.free} of {slots.total} slots free")


def slots(report: Report, stack: LocalStack, settings: Settings, registry: Registry) -> Finding:
    """All jobs fit at once."""
    total = stack.rest(report.rest).overview().slots.total
    wanted = len(registry) * settings.parallelism
    if wanted > total:
        return warning(
            "Slots",
            f"{len(registry)} jobs of parallelism {settings.parallelism} want {wanted} "
            f"slots, and there are {total}",
            "Run fewer jobs at a time, or set FRAUDWATCH_SLOTS and start the stack again.",
        )
    return good("Slots", f"{wanted} of {total} for all jobs at once")


def jobs(report: Report, stack: LocalStack, registry: Registry) -> Finding:
    """No job has failed."""
    statuses = stack.jobs(report).statuses(registry.topics)
    for status in statuses:
        if status.failure:
            raise JobError(
                f"{status.name} does not run: {status.failure}.",
                f"`fraudwatch start {status.name}` starts it from its last state.",
            )
    running = sum(bool(status.job_id) for status in statuses)
    return good("Jobs", f"{running} of {len(statuses)} running")
