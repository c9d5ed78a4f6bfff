"""`replay`: the rows of files into a topic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter
from msgspec import to_builtins

from pipeline.errors import ConfigError, InputError
from pipeline.model.jobs import JobState
from pipeline.text.words import counted

from .common import Common, Json, Mappings, print_json, require_topic, running_kafka, say

if TYPE_CHECKING:
    from pipeline.config import Settings
    from pipeline.files.file_reading import ReadFile
    from pipeline.files.prepared import PreparedFiles
    from pipeline.files.target import Target
    from pipeline.simulator.replay import ReplayProgress, ReplayReport
    from pipeline.sources import Source
    from pipeline.stack.runtime import Runtime

Flag = Parameter(negative="")
_BATCHES_AHEAD: Final = 3
_CREATE_IT: Final = (
    "In a sandbox, create it with `fraudwatch topics --create` and the same --features."
)


def replay(
    *files: Annotated[str, Parameter(allow_leading_hyphen=True)],
    mapping: Mappings = (),
    source: Annotated[str, Parameter(show_default=False)] = "",
    encoding: Annotated[str, Parameter(show_default=False)] = "",
    speed: str = "max",
    shift: Annotated[bool, Flag] = False,
    fresh: Annotated[bool, Flag] = False,
    json: Json = False,
    common: Common = Common(),
) -> int:
    """Send the rows of files to a topic, sorted by time; returns when all are sent.

    They are transactions, or records of the stream of your own that --source names, in the format
    that it declares.

    Args:
        files: CSV, JSON or Parquet, also packed; patterns in quotes; - for standard input.
        mapping: Which column, or DuckDB expression, is a field: amt=Amount; may be repeated.
        source: The topic of a source(...) that a feature reads; without it, the transactions.
        encoding: Of a text that is not UTF-8 and has no byte order mark: cp1252.
        speed: Event time per real time, or max for full speed.
        shift: Move the times behind the newest record of the topic.
        fresh: Empty the topics and delete the jobs' state first; for transactions alone.
    """
    from pipeline.files.mapping import read_options
    from pipeline.files.opened import opened
    from pipeline.files.target import TRANSACTIONS
    from pipeline.files.text_lines import known_encoding
    from pipeline.kafka.topics import newest_event_time
    from pipeline.simulator.replay import plan_shift
    from pipeline.stack.runtime import Runtime

    if shift and fresh:
        raise ConfigError("--shift and --fresh exclude each other.", "Choose one.")
    if not files:
        raise ConfigError("No file is given.", "Name one, or - for standard input.")
    # After a lone hyphen, which is a file, options are parsed as files as well.
    if unknown := [name for name in files if name.startswith("-") and name != "-"]:
        hint = "See `fraudwatch replay --help`."
        if Path(unknown[0]).exists():
            hint = f"If the file is meant, write ./{unknown[0]}."
        raise ConfigError(f"There is no option {unknown[0]}.", hint)
    if fresh and source:
        raise ConfigError(
            "--fresh does not go with --source: it never empties a topic of your own, "
            "whose records may be needed elsewhere.",
            "Use --shift, which moves the file's times behind those of the topic so that no row "
            "is late, or omit both. `fraudwatch stop NAME --discard` discards a job's state.",
        )
    pace, settings = _speed(speed), common.settings
    target = _target(source, settings)
    given = read_options(mapping, target)
    encoding = known_encoding(encoding) if encoding else ""
    if fresh:
        settings.require_sandbox("its topics must not be emptied")
    with opened(files, given, settings.state_dir, target=target, encoding=encoding) as found:
        for why in found.passed_over:
            say(why)
        kafka = running_kafka(common)
        runtime = Runtime(settings)
        simulated = target == TRANSACTIONS
        if not simulated:
            require_topic(kafka, kafka.topic(target.source.topic), hint=_CREATE_IT)
        if simulated and runtime.status().simulator.up and not fresh:
            raise InputError(
                "The simulator is running and moves event time on, so the file would come too "
                "late.",
                "Stop it with `fraudwatch simulate --off`, or empty the topics with --fresh.",
            )
        ready = found.read(lambda line: say(f"  … {line}", over=True))
        _print_files(ready)
        if fresh:
            _print_left_out(ready)
            _refuse_mostly_bad(ready)
            # Only after the files are known to be good.
            runtime.fresh(lambda line: say(f"  … {line}", over=True))
        else:
            newest = newest_event_time(kafka, target.source)
            ready.move(plan_shift(ready.earliest, newest, shift=shift, target=target))
            _print_left_out(ready)
        slowly = _are_read(target.source, runtime)
        report = _send(ready, common, pace, slowly=slowly)
        _print_report(report, target.record)
        if json:
            print_json(_as_json(ready, report))
        return InputError.exit_code if ready.left_out else 0


def _target(topic: str, settings: Settings) -> Target:
    """What the rows become: records of the source of a topic, or transactions without one."""
    from pipeline.files.target import TRANSACTIONS, Target
    from pipeline.simulator.encoders import encoder_of
    from pipeline.stack import catalog

    if not topic:
        settings.require_built_in("--source has to name the topic of the rows")
        return TRANSACTIONS
    sources = {each.topic: each for each in catalog.load(settings).sources}
    if topic not in sources:
        raise InputError(
            f"No feature reads a source with the topic {topic!r}.",
            f"Topics: {', '.join(sources)}. Name the file of yours with --features.",
        )
    source = sources[topic]
    return Target.of(source, encoder_of(source, settings.kafka))


def _are_read(source: Source, runtime: Runtime) -> bool:
    """Whether jobs may read the records of a source while they are sent."""
    reading = {each.name for each in runtime.features if each.source == source}
    idle = (JobState.STOPPED, JobState.FAILED)
    return any(job.name in reading and job.state not in idle for job in runtime.status().jobs)


def _send(
    ready: PreparedFiles, common: Common, pace: float | None, *, slowly: bool
) -> ReplayReport:
    from pipeline.kafka.producer import TopicProducer
    from pipeline.simulator.replay import replay as send_batches
    from pipeline.simulator.slow_start import SlowStart

    from .ahead import ahead

    def report_progress(progress: ReplayProgress) -> None:
        share = progress.sent / ready.rows
        say(f"  … {share:4.0%}  {progress.sent:,} sent, {progress.event_time}", over=True)

    # Looked up again, since emptying the topics may have taken a while.
    kafka = running_kafka(common)
    with (
        TopicProducer(kafka, kafka.topic(ready.target.source.topic)) as producer,
        ahead(ready.batches(), _BATCHES_AHEAD) as batches,
    ):
        send = SlowStart(producer).send if slowly else producer.send
        return send_batches(batches, send, speed=pace, report=report_progress)


def _refuse_mostly_bad(ready: PreparedFiles) -> None:
    left_out = sum(found.rows for found in ready.left_out)
    if left_out > ready.rows:
        raise InputError(
            f"More rows would be left out ({left_out:,}) than sent ({ready.rows:,}), so nothing "
            "has been emptied.",
            "Correct the file, or replay it without --fresh.",
        )


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise ConfigError(f"--speed {text!r} is not valid.", "Use a number greater than 0, or max.")
    return speed


def _print_files(ready: PreparedFiles) -> None:
    """Print the layout of each file; similar files together."""
    alike: dict[tuple[str, ...], list[ReadFile]] = {}
    for file in ready.files:
        alike.setdefault((file.fields.layout, *file.notes, *file.fields.lacks.values()), []).append(
            file
        )
    for group in alike.values():
        first = group[0]
        others = f" and {counted(len(group) - 1, 'other')}" if len(group) > 1 else ""
        rows = counted(sum(file.rows for file in group), "row")
        say(f"{first.name}{others}: {first.fields.layout}, {rows}.")
        renamed = first.fields.renamed
        if renamed:
            say("  " + ", ".join(f"{name} = {text}" for name, text in renamed.items()))
        for line in (*first.fields.lacks.values(), *first.notes):
            say(f"  {line}")


def _print_left_out(ready: PreparedFiles) -> None:
    for kind, words in ((False, "cannot be read"), (True, "would be invalid on the topic")):
        faults = [found for found in ready.left_out if found.fault.invalid is kind]
        if faults:
            rows = counted(sum(found.rows for found in faults), "row")
            say(f"{rows} left out, which {words}:")
            for found in faults:
                say(f"  {found.words}")
                if found.fault.hint:
                    say(f"    {found.fault.hint}")


def _print_report(report: ReplayReport, record: str) -> None:
    rate = report.sent / report.seconds if report.seconds else 0.0
    say(f"{counted(report.sent, record)} sent in {report.seconds:,.1f} s ({rate:,.0f}/s).")
    if report.earliest:
        say(f"Event time from {report.earliest} to {report.latest}.")


def _as_json(ready: PreparedFiles, report: ReplayReport) -> dict[str, Any]:
    """What was sent and what was not, for scripts."""
    counts = {
        name: sum(found.rows for found in ready.left_out if found.fault.invalid is invalid)
        for name, invalid in (("bad", False), ("invalid", True))
    }
    return {
        **to_builtins(report),
        **counts,
        "left_out": [
            {"what": found.fault.what, "rows": found.rows, "examples": to_builtins(found.examples)}
            for found in ready.left_out
        ],
        "files": [
            {
                "name": file.name,
                "layout": file.fields.layout,
                "rows": file.rows,
                "fields": file.fields.fields,
                "notes": [*file.fields.lacks.values(), *file.notes],
            }
            for file in ready.files
        ],
    }
