"""`simulate`, `topics`, `tail`: transactions in, records out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Parameter

from pipeline.errors import ConfigError
from pipeline.model.simulator import (
    FASTEST,
    LONGEST_LABEL_DELAY,
    Pattern,
    SimulatorCommand,
    SimulatorStatus,
)
from pipeline.sources.durations import duration
from pipeline.text.spans import span
from pipeline.text.words import counted

from .common import (
    NOT_NEGATIVE,
    Common,
    Json,
    print_json,
    print_table,
    require_topic,
    running_kafka,
    say,
    say_hidden,
)

if TYPE_CHECKING:
    from pipeline.config import KafkaSettings
    from pipeline.kafka.records import Record
    from pipeline.model.reading import Reset

Flag = Parameter(negative="")
_NOT_KNOWN: Final = "–"


def simulate(
    *,
    rate: float | None = None,
    speed: float | None = None,
    pause: bool | None = None,
    inject_fraud: Annotated[bool, Flag] = False,
    pattern: Annotated[
        tuple[Pattern, ...] | None, Parameter(negative="--no-pattern", show_default=False)
    ] = None,
    label_delay: str | None = None,
    off: Annotated[bool, Flag] = False,
    here: Annotated[bool, Flag] = False,
    json: Json = False,
    common: Common = Common(),
) -> int:
    """Start the stack's transaction simulator, or change the running one.

    Args:
        rate: Transactions per second.
        speed: Event time per real time; 720 closes a six-hour window every 30 seconds.
        pause: Pause it; --no-pause resumes it.
        inject_fraud: Begin a fraud episode now.
        pattern: Fraud beyond bursts that is on from now on; may be repeated. What is not given is
            switched off, and --no-pattern switches all off.
        label_delay: Send labels to the topic fraud_labels, half of them within this event time
            after their transactions, such as 12h or 2d; 0 puts them in the transactions.
        off: Stop it.
        here: Simulate in this process until ctrl+c, independently of the stack's simulator.
    """
    from pipeline.stack.runtime import Runtime

    for name, value in (("--rate", rate), ("--speed", speed)):
        if value is not None and not 0 < value <= FASTEST:
            hint = f"It must be greater than 0, and {FASTEST:,} at most."
            raise ConfigError(f"{name} is {value:g}.", hint)
    change = SimulatorCommand(
        running=not off,
        rate=rate,
        speed=speed,
        paused=pause,
        inject_fraud=inject_fraud,
        patterns=pattern,
        label_delay=None if label_delay is None else _seconds(label_delay),
    )
    if here:
        if pause is not None or inject_fraud or off:
            raise ConfigError(
                "--here takes only --rate, --speed, --pattern and --label-delay.",
                "ctrl+c or SIGTERM ends it.",
            )
        return _simulate_here(common, change, json=json)
    status = Runtime(common.settings).simulate(change)
    if json:
        print_json(status)
    elif status.up:
        say(f"The simulator runs: {_in_words(status)}.")
    else:
        say("The simulator is off.")
    return 0


def _seconds(written: str) -> float:
    """Return the seconds of a label delay as it was written.

    Raises:
        ConfigError: It is not one, or longer than a year.
    """
    delay = timedelta() if written.strip() == "0" else duration(written)
    if delay is None or delay > timedelta(seconds=LONGEST_LABEL_DELAY):
        raise ConfigError(
            f"--label-delay is {written!r}.",
            "It must be a length of time such as 30min, 12h or 2d, a year (365d) at most, or 0.",
        )
    return delay.total_seconds()


def _in_words(status: SimulatorStatus) -> str:
    """Say what a running simulator does: its pace, and what differs from the default."""
    parts = [f"{status.rate:,.0f} transactions/s, ×{status.speed:,.0f}"]
    if status.patterns:
        parts.append(f"fraud in bursts, {', '.join(status.patterns)}")
    if status.label_delay:
        held = f", {status.labels_pending:,} pending" if status.labels_pending else ""
        parts.append(f"labels after about {span(status.label_delay)}{held}")
    if status.labels_left_out:
        parts.append(f"{counted(status.labels_left_out, 'label')} left out")
    return "; ".join(parts)


def topics(
    *, create: Annotated[bool, Flag] = False, json: Json = False, common: Common = Common()
) -> int:
    """Print the topics and their sizes.

    OFFSETS, and `records` in JSON, is the number of offsets from earliest to latest: a topic has at
    most so many records, since the ends of transactions and compaction use offsets, too.

    Args:
        create: First create the missing topics of features, and of the streams that they read.
    """
    from pipeline.kafka import leaders
    from pipeline.kafka.topics import list_topics
    from pipeline.stack import catalog
    from pipeline.stack.bring_up import create_topics

    settings = common.settings
    if create:
        settings.require_sandbox("its topics must not be created")
    kafka = running_kafka(common)
    if create:
        create_topics(settings, kafka, catalog.runnable(settings).at_start)
    found = list_topics(kafka)
    if json:
        print_json(
            [
                {
                    "name": topic.name,
                    "records": topic.offsets,
                    "partitions": [
                        {"partition": p.partition, "earliest": p.earliest, "latest": p.latest}
                        for p in topic.partitions
                    ],
                    "leaderless": list(topic.leaderless),
                }
                for topic in found
            ]
        )
    else:
        rows = [
            (t.name, _NOT_KNOWN if t.offsets is None else f"{t.offsets:,}", str(t.width))
            for t in found
        ]
        print_table(("TOPIC", "OFFSETS", "PARTITIONS"), rows, right=(1, 2))
        for topic in found:
            if topic.leaderless:
                without = leaders.describe(topic.name, topic.leaderless)
                say(f"{without}: its offsets are not counted.")
    return 0


def tail(
    topic: str,
    /,
    *,
    start: Annotated[Literal["beginning", "end"], Parameter(name="--from")] = "end",
    limit: Annotated[int | None, Parameter(name=["--limit", "-n"], validator=NOT_NEGATIVE)] = None,
    follow: bool = True,
    json: Json = False,
    common: Common = Common(),
) -> int:
    """Print a topic's records: offset, partition, timestamp, key, value.

    Records in Avro and Protobuf are decoded, with the schema registry of the profile; those without
    the id of a schema and those in CSV by a source.

    Args:
        topic: Name of the topic in Kafka.
        start: From the earliest record, or only new ones.
        limit: Stop after this many records.
        follow: Wait for more at the end; --no-follow stops there.
    """
    from pipeline.kafka.read_to_end import read_to_end
    from pipeline.kafka.readable import Readable
    from pipeline.kafka.shown import shown
    from pipeline.kafka.tail import TEXT_HEADER, json_object, text_line
    from pipeline.model.reading import Reset
    from pipeline.stack import catalog

    kafka = running_kafka(common)
    require_topic(kafka, topic)
    features = catalog.load(common.settings)
    mask = catalog.masks(common.settings, features).of(topic)
    if mask and json:
        say_hidden(mask.fields, ", and so no file to replay")
    if not json:
        print(TEXT_HEADER)
    edge = Reset.EARLIEST if start == "beginning" else Reset.LATEST
    batches = followed(kafka, topic, edge) if follow else read_to_end(kafka, topic, start=edge)
    readable = Readable(kafka, features.sources)
    printed = 0
    said = ""
    while limit is None or printed < limit:
        batch = next(batches, None)
        if batch is None:
            break
        records = readable.all(batch if limit is None else batch[: limit - printed])
        if readable.problem != said:
            said = readable.problem
            say(said or "The schema registry answers again.")
        for record in records:
            if json:
                print_json(json_object(shown(record, mask)))
            else:
                print(text_line(shown(record, mask)))
            printed += 1
        sys.stdout.flush()
    return 0


def followed(kafka: KafkaSettings, topic: str, start: Reset) -> Iterator[list[Record]]:
    """Yield a topic's records in batches, without end; prints once why none come."""
    from pipeline.kafka.consumer import BatchConsumer

    said = ""
    with BatchConsumer(kafka, (topic,), start) as consumer:
        while True:
            batch = consumer.poll()
            if consumer.error != said:
                said = consumer.error
                say(said or "Kafka answers again.")
            yield batch


def _simulate_here(common: Common, change: SimulatorCommand, *, json: bool) -> int:
    from pipeline.simulator.foreground import run_here
    from pipeline.stack.bring_up import create_label_topic
    from pipeline.stack.local.simulation import DEFAULT_RATE, DEFAULT_SPEED

    settings = common.settings
    settings.require_built_in("it has no simulator")
    settings.require_sandbox("it takes no simulated transactions")
    last_error = ""

    def report(status: SimulatorStatus) -> None:
        nonlocal last_error
        if json:
            print_json(status)
            sys.stdout.flush()
        elif status.error:
            # Once, not every second.
            say(status.error, over=status.error == last_error)
        else:
            say(f"  … {status.sent:,} sent, event time {status.event_time}", over=True)
        last_error = status.error

    kafka = running_kafka(common)
    if change.label_delay:
        create_label_topic(settings, kafka)
    rate, speed = change.rate or DEFAULT_RATE, change.speed or DEFAULT_SPEED
    asked = SimulatorStatus(
        rate=rate,
        speed=speed,
        patterns=change.patterns or (),
        label_delay=change.label_delay or 0.0,
    )
    say(f"Simulating {_in_words(asked)}.")
    run_here(
        kafka,
        report,
        rate=rate,
        speed=speed,
        initial=change,
    )
    say("The simulator is off.")
    return 0
