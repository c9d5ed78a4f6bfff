"""`inspect`: what a topic or a file holds, as the declaration of a source."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from pipeline.errors import ConfigError, PipelineError

from .common import Common, Json, print_json, require_topic, running_kafka, say
from .uncollected import uncollected

if TYPE_CHECKING:
    from pipeline.inspection.inspected import Inspection
    from pipeline.inspection.looked_at import Rows

_RECORDS: Final = 100_000
_MOST_RECORDS: Final = 10_000_000


def inspect(
    name: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    limit: Annotated[int, Parameter(name=["--limit", "-n"])] = _RECORDS,
    encoding: Annotated[str, Parameter(show_default=False)] = "",
    columns: Annotated[str, Parameter(show_default=False)] = "",
    schema: Annotated[Path | None, Parameter(show_default=False)] = None,
    message: Annotated[str, Parameter(show_default=False)] = "",
    json: Json = False,
    common: Common = Common(),
) -> int:
    """Look at a topic or a file, and print a `source(...)` for a file of features.

    Its comments say how far the rows are out of order, what is null, and what would be invalid.

    Args:
        name: A topic in Kafka with JSON objects, CSV, Avro or Protobuf; or a file: CSV, JSON or
            Parquet, also packed; - for standard input.
        limit: How many of a topic's newest records, or of a file's first rows, to look at.
        encoding: Of a text that is not UTF-8 and has no byte order mark: cp1252.
        columns: Names of the fields of a topic in CSV, in their order: at,account,amount.
        schema: The .avsc or .proto file by which a topic is written, if its schema is in no
            registry.
        message: The message in the .proto file, if there are several.
    """
    from pipeline.inspection.inspected import inspect as inspected
    from pipeline.inspection.of_file import is_file
    from pipeline.inspection.pasted import pasted
    from pipeline.inspection.written import NOTHING, Told
    from pipeline.sources.masking import OPEN
    from pipeline.stack import catalog

    # A lone hyphen is a file, so that options are parsed as names as well.
    if name.startswith("-") and name != "-":
        raise ConfigError(f"There is no option {name}.", "See `fraudwatch inspect --help`.")
    if not 0 < limit <= _MOST_RECORDS:
        hint = f"Use a number from 1 to {_MOST_RECORDS:,}."
        raise ConfigError(f"--limit {limit} is not valid.", hint)
    mask, told = OPEN, NOTHING
    for_topics = {"--columns": columns, "--schema": schema, "--message": message}
    with uncollected():
        if is_file(name):
            if given := [what for what, value in for_topics.items() if value]:
                raise ConfigError(
                    f"{given[0]} is for topics, and {name} is a file.", "Leave it out."
                )
            rows = _of_file(name, limit, encoding, common)
        elif encoding:
            raise ConfigError("--encoding is for files.", f"There is no file {name}.")
        else:
            told = Told(schema, message, _names(columns))
            rows = _of_topic(name, limit, common)
            features = catalog.load(common.settings)
            mask = catalog.masks(common.settings, features).of(name)
        found = inspected(rows, mask, told)
    if json:
        print_json(_object(found))
    else:
        print(pasted(found))
    return 0


def _names(columns: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in columns.split(",")) if columns else ()


def _of_topic(name: str, limit: int, common: Common) -> Rows:
    from pipeline.inspection.looked_at import of_topic

    kafka = running_kafka(common)
    require_topic(kafka, name, nor="file")
    rows = of_topic(kafka, name, limit, lambda read: say(f"reading {name}: {read:,}", over=True))
    say("", over=True)
    return rows


def _of_file(name: str, limit: int, encoding: str, common: Common) -> Rows:
    from pipeline.files.text_lines import known_encoding
    from pipeline.inspection.of_file import of_file

    encoding = known_encoding(encoding) if encoding else ""
    if _is_topic(name, common):
        say(f"This is the file {name}; in a folder without it, it would be the topic.")
    return of_file(name, common.settings.state_dir, limit, say, encoding=encoding)


def _is_topic(name: str, common: Common) -> bool:
    """Whether a file has the name of a topic; False if Kafka does not say so."""
    from pipeline.kafka.topics import topic_names
    from pipeline.sources.topic_names import is_topic_name

    if not is_topic_name(name) or name == "-":
        return False
    with suppress(PipelineError):
        return name in topic_names(running_kafka(common))
    return False


def _object(found: Inspection) -> dict[str, Any]:
    from pipeline.sources.formats import CSV
    from pipeline.sources.paths import written_path

    source, file = found.source, found.rows.file
    return {
        "file": found.rows.name if file else None,
        "layout": (file.layout or None) if file else None,
        "topic": source.topic,
        "format": source.format,
        "separator": source.separator if source.format == CSV else None,
        "records": found.records,
        "partitions": None if file else found.partitions,
        "key": found.key or None,
        "fields": [
            {
                "name": field.name,
                "path": written_path(source.record_paths[field.name]),
                "type": source.columns[field.name],
                "null_share": field.null_share,
                "distinct": field.distinct,
                "note": field.note,
            }
            for field in found.fields
        ],
        "left_out": [{"name": name, "why": why} for name, why in found.left_out],
        "time": source.time,
        "time_format": source.time_format,
        "out_of_order_seconds": found.disorder.most.total_seconds(),
        "watermark_seconds": source.watermark.total_seconds(),
        "late": found.disorder.late,
        "user": source.user,
        "amount": source.amount,
        "label": source.label,
        "identity": source.identity,
        "required": list(source.required),
        "sensitive": list(source.sensitive),
        "invalid": [{"kind": kind, "records": records} for kind, records in found.invalid.items()],
        "invalid_share": found.invalid_share,
    }
