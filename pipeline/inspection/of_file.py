"""Reads the rows of a file as the records that they would be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePath
from typing import Final

from pipeline.errors import InputError
from pipeline.files.contents import recognised
from pipeline.files.mapping import is_known, layout_of
from pipeline.files.opened import spooled
from pipeline.files.sources import STANDARD_INPUT, found
from pipeline.files.work import explained, work_in
from pipeline.kafka.records import Record
from pipeline.sources.topic_names import ALLOWED_CHARACTERS, MOST_CHARACTERS, is_topic_name
from pipeline.text.words import counted

from .looked_at import FileRows, Rows

_ENDINGS: Final = re.compile(
    r"(\.(csv|tsv|psv|txt|dat|json|jsonl|ndjson|parquet|pq|gz|bz2|xz|zst|zip))+$", re.IGNORECASE
)
_UNFIT: Final = re.compile(rf"[^{ALLOWED_CHARACTERS}]+")
_WITHOUT_A_NAME: Final = "stream"
_BATCH: Final = 5_000


def is_file(name: str) -> bool:
    """Whether a name is that of a file rather than that of a topic."""
    return name == STANDARD_INPUT or not is_topic_name(name) or Path(name).exists()


def topic_of(name: str) -> str:
    """Return the name of a file, without its endings, as the name of a topic."""
    stem = _ENDINGS.sub("", PurePath(name).name)
    fit = _UNFIT.sub("_", stem).strip("_")[:MOST_CHARACTERS]
    return fit if is_topic_name(fit) else _WITHOUT_A_NAME


def of_file(
    name: str,
    state_dir: Path,
    most: int,
    report: Callable[[str], None],
    *,
    encoding: str = "",
) -> Rows:
    """Read the first rows of a file.

    Args:
        name: A path, a pattern, or `-`; of several files the first one is read.
        state_dir: Directory with room for unpacking; temporary files are removed.
        most: How many rows to read.
        report: Called with what is worth saying.
        encoding: Encoding of a text without a byte order mark; UTF-8 when empty.

    Raises:
        InputError: There is no such file, or it cannot be read.
    """
    with work_in(state_dir) as work:
        files = list(found([name], partial(spooled, work.folder)))
        if not files:
            raise InputError(f"{name} holds no file.", "Name one with rows.")
        first = files[0]
        if len(files) > 1:
            report(f"Of {counted(len(files), 'file')}, {first.name} is read.")
        content = recognised(first, encoding, is_known, work)
        arrived = int(datetime.now(UTC).timestamp() * 1_000)
        topic = topic_of("" if name == STANDARD_INPUT else first.name)
        records: list[Record] = []
        with explained(f"{first.name} cannot be read"), content.objects(work, most) as query:
            cursor = work.connection.execute(query)
            while batch := cursor.fetchmany(_BATCH):
                records += [
                    Record(topic, 0, place, arrived, None, row if row is None else row.encode())
                    for place, row in batch
                ]
        left_out = work.left_out.all()
        layout = layout_of(content.columns)
        file = FileRows(
            "" if layout is None else layout.name,
            content.unit,
            {each.fault.what: each.rows for each in left_out},
            f"the first is {left_out[0].examples[0].place}" if left_out else "",
            len(records) >= most,
        )
        return Rows(first.name, topic, records, file)
