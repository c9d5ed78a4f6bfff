"""Checks whether the running stack is healthy."""

from __future__ import annotations

from pipeline.config import Settings
from pipeline.errors import InputError, JobError, UnavailableError
from pipeline.features import Registry
from pipeline.flink.version import check_version
from pipeline.kafka import leaders, sample, topics
from pipeline.model.stack import Health
from pipeline.sources import TRANSACTION, Source
from pipeline.stack import catalog
from pipeline.stack.endpoints import Endpoints, Stack
from pipeline.stack.gone_topics import explained
from pipeline.text.words import counted

from .finding import Finding, good, skipped, warning

_ANSWER_SECONDS = 5.0


def processes(endpoints: Endpoints) -> Finding:
    """Check that every local process is up."""
    if endpoints.report is None:
        return skipped("Processes", "Kafka and Flink are external")
    down = [process for process in endpoints.report.processes if process.health is not Health.UP]
    if down:
        first = down[0]
        raise UnavailableError(
            f"{first.title} is {first.health}{': ' if first.detail else ''}{first.detail}.",
            f"Look at `fraudwatch logs {first.name}`.",
        )
    restarts = sum(process.restarts for process in endpoints.report.processes)
    times = "once" if restarts == 1 else counted(restarts, "time")
    again = f", restarted {times}" if restarts else ""
    return good("Processes", f"{len(endpoints.report.processes)} up{again}")


def kafka(endpoints: Endpoints, stack: Stack) -> Finding:
    """Check that Kafka answers, and that every partition has a leader."""
    stack.ask_kafka(endpoints.kafka, _ANSWER_SECONDS, cluster_id=endpoints.cluster_id)
    held = topics.list_topics(endpoints.kafka)
    lost = [topic for topic in held if topic.leaderless]
    if lost:
        first = lost[0]
        more = f", and more of {counted(len(lost) - 1, 'other topic')}" if len(lost) > 1 else ""
        return warning(
            "Kafka",
            f"{endpoints.kafka.bootstrap}: {leaders.describe(first.name, first.leaderless)}{more}",
            "See whether all brokers run.",
        )
    offsets = [topic.offsets for topic in held if topic.offsets is not None]
    known = len(offsets) == len(held)
    amount = counted(sum(offsets), "offset") if known else "number of offsets unknown"
    return good("Kafka", f"{endpoints.kafka.bootstrap}, {counted(len(held), 'topic')}, {amount}")


def all_topics(endpoints: Endpoints, registry: Registry) -> Finding:
    """Check that every feature's topics exist, with the configured number of partitions."""
    kafka = endpoints.kafka
    # The number of partitions of a stream of the user's own is the user's choice.
    ours = [kafka.topic(source.topic) for source in registry.sources if source == TRANSACTION]
    wanted = (*ours, *registry.topics(kafka).values())
    read = (kafka.topic(source.topic) for source in registry.sources)
    topics.require_topics(kafka, dict.fromkeys((*wanted, *read)))
    held = {topic.name: topic for topic in topics.list_topics(kafka)}
    odd = [name for name in wanted if held[name].width != kafka.partitions]
    if odd:
        return warning(
            "Topics",
            f"not of {kafka.partitions} partitions: {', '.join(odd)}",
            "Results are right all the same; a user's records stay in order.",
        )
    return good("Topics", f"{len(wanted)} with {kafka.partitions} partitions each")


def records_title(source: Source) -> str:
    """Return the name of the check of a source's records."""
    return "Transactions" if source == TRANSACTION else f"Records of {source.topic}"


def records(endpoints: Endpoints, source: Source) -> Finding:
    """Check that the newest records of a source are valid."""
    title = records_title(source)
    newest = sample.newest(endpoints.kafka, source)
    if stops := newest.stops:
        place = f"offset {stops.record.offset} of partition {stops.record.partition}"
        raise InputError(
            f"Jobs fail at {place} of {newest.topic}: {stops.reason}.",
            "Flink's Avro formats skip nothing; see `docs/writing-a-source.md`.",
        )
    if newest.fault:
        raise InputError(
            f"{newest.fault[0].upper()}{newest.fault[1:]}.",
            "No feature sees them; `fraudwatch quarantine` lists them.",
        )
    if not newest.count:
        return good(title, f"{newest.topic} holds none yet")
    if newest.invalid:
        bad = len(newest.invalid)
        return warning(
            title,
            f"{counted(bad, 'invalid record')} in the newest {newest.count:,}: "
            f"{newest.invalid[0].reason}",
            "No feature sees those.",
        )
    return good(title, f"no invalid record in the newest {newest.count:,}")


def registry(endpoints: Endpoints) -> Finding:
    """Check that the schema registry answers and accepts the credentials."""
    from pipeline.formats.schemas import Schemas

    settings = endpoints.kafka.registry
    Schemas(settings).ask()
    return good("Schema registry", settings.url)


def flink(endpoints: Endpoints, stack: Stack) -> Finding:
    """Check that Flink answers and has TaskManagers, or allocates them on demand."""
    rest = stack.rest(endpoints.flink)
    overview = rest.overview()
    if overview.taskmanagers == 0:
        if rest.grows():
            return good("Flink", f"{endpoints.flink.rest}, which allocates TaskManagers on demand")
        raise UnavailableError(
            f"Flink at {endpoints.flink.rest} has no TaskManager.",
            "Look at `fraudwatch logs flink`." if endpoints.report else "Start one.",
        )
    return good("Flink", f"{check_version(rest)} at {rest.address}, {overview.slots}")


def slots(endpoints: Endpoints, stack: Stack, settings: Settings, registry: Registry) -> Finding:
    """Check that there are enough slots to run all jobs at once."""
    rest = stack.rest(endpoints.flink)
    total = rest.overview().slots.total
    wanted = len(registry) * settings.parallelism
    if wanted > total and rest.grows():
        return good("Slots", f"{wanted} for all jobs at once; TaskManagers are allocated on demand")
    if wanted > total:
        more = "have TaskManagers added" if settings.flink.attached else "set more slots"
        return warning(
            "Slots",
            f"{counted(wanted, 'slot')} for {counted(len(registry), 'job')} of parallelism "
            f"{settings.parallelism}, but the cluster has {total}",
            f"Run fewer jobs at a time, or {more}.",
        )
    return good("Slots", f"{wanted} of {total} for all jobs at once")


def jobs(endpoints: Endpoints, stack: Stack, registry: Registry) -> Finding:
    """Check that no job has failed."""
    found = stack.jobs(endpoints).statuses(registry.topics(endpoints.kafka))
    statuses = catalog.listed(registry, explained(found, registry, endpoints.kafka))
    for status in statuses:
        if status.failure:
            raise JobError(
                f"{status.name} does not run: {status.failure}.",
                f"`fraudwatch start {status.name}` restores it from its last state.",
            )
    running = sum(bool(status.job_id) for status in statuses)
    return good("Jobs", f"{running} of {len(statuses)} running")
