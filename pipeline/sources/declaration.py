"""A stream that features read: its topic, its columns, and what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pipeline.errors import InputError

from .column_types import element, is_decimal
from .faults import first_fault
from .file_mapping import FileMapping
from .paths import Path, field_name
from .time_format import TimeFormat

_UNSAFE: Final = re.compile(r"\W", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """A stream, as `source` declares it.

    Attributes:
        topic: Its topic, without the profile's prefix.
        schema: Name and Ibis type of each column, in order.
        time: The time column, which has the watermark.
        watermark: How far out of order a record may be before it is late.
        idle: How long a partition without records holds the watermark back.
        time_format: How its times are written.
        format: How its records are written; one of `formats.FORMATS`.
        user: The column with the user; None if there is none.
        amount: The column with the amount; None if there is none.
        label: The column that says whether a record is fraud; None if there is none.
        paths: Where columns are in the record that are not fields of their own name, by column.
        identity: The column that names a record, by which labels that arrive later find it; None
            if there is none.
        required: The columns without which a record is invalid, in the order of the schema; the
            time column is one of them.
        sensitive: The columns whose values are not shown, unless the profile allows it.
        files: Layouts of files that hold its records under other names; the first that fits counts.
        message: In Protobuf, the full name of the message; otherwise empty.
        proto: In Protobuf, the absolute path of the .proto file with the message; otherwise empty.
        separator: In CSV, the character between fields; one of `formats.SEPARATORS`.

    Raises:
        InputError: The declaration is invalid.
    """

    topic: str
    schema: tuple[tuple[str, str], ...]
    time: str
    watermark: timedelta
    idle: timedelta
    time_format: TimeFormat
    format: str
    user: str | None
    amount: str | None
    label: str | None
    required: tuple[str, ...]
    sensitive: tuple[str, ...] = ()
    identity: str | None = None
    paths: tuple[tuple[str, Path], ...] = ()
    files: tuple[FileMapping, ...] = ()
    message: str = ""
    proto: str = ""
    separator: str = ","

    def __post_init__(self) -> None:
        fault = first_fault(self)
        if fault is not None:
            raise InputError(*fault)

    @property
    def columns(self) -> dict[str, str]:
        """Ibis type names by column, in order."""
        return dict(self.schema)

    @property
    def written(self) -> dict[str, str]:
        """The types that the columns have in the records, by column."""
        return {name: self.time_format.written_type(dtype) for name, dtype in self.schema}

    @property
    def record_paths(self) -> dict[str, Path]:
        """Where each column is in a record."""
        return {name: (name,) for name, _ in self.schema} | dict(self.paths)

    @property
    def sensitive_fields(self) -> frozenset[str]:
        """Names of the fields in a record whose values are not shown."""
        where = self.record_paths
        return frozenset(field_name(where[name]) for name in self.sensitive)

    @property
    def has_decimals(self) -> bool:
        """Whether any column holds exact decimal numbers."""
        return any(is_decimal(dtype) for _, dtype in self.schema)

    @property
    def reads_trees(self) -> bool:
        """Whether, in JSON, more is read of a record than fields with one value."""
        return bool(self.paths) or any(element(dtype) for _, dtype in self.schema)

    @property
    def name(self) -> str:
        """Name of its table, in Flink and in messages: the topic, with `_` for what is unsafe."""
        safe = _UNSAFE.sub("_", self.topic)
        return f"_{safe}" if safe[0].isdigit() else safe
