"""Maps columns or expressions of a file to the fields of a record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from pipeline.contract import TIME_COLUMN
from pipeline.errors import ConfigError, InputError
from pipeline.sources import Source
from pipeline.sources.column_types import is_decimal
from pipeline.sources.file_mapping import FileMapping
from pipeline.text.sql import identifier, literal

from .layouts import Layout, simple
from .references import beyond_row, referred
from .target import TRANSACTIONS, Target

_WORDS: Final = ("null", "true", "false")
# What a file lacks, and what is said of it in one sentence.
_NOTHING: Final = ("''", "NULL")


@dataclass(frozen=True, slots=True)
class Fields:
    """How the rows of a file become records.

    Attributes:
        layout: Name of its layout.
        columns: The file's columns by the names that `fields` use for them.
        fields: DuckDB SQL by field of the topic, in the order of the source.
        lacks: By field, a sentence that says what the file lacks for it, and how it is filled.
        seconds: SQL of an epoch, for times that have lost their seconds; empty for none.
        data: False for a file without records.
    """

    layout: str
    columns: Mapping[str, str]
    fields: Mapping[str, str]
    lacks: Mapping[str, str] = field(default_factory=dict)
    seconds: str = ""
    data: bool = True

    @property
    def found(self) -> tuple[str, ...]:
        """The fields that come from the file, or are computed from it."""
        return tuple(f for f, text in self.fields.items() if text not in _NOTHING)

    @property
    def renamed(self) -> dict[str, str]:
        """The fields that do not come from the column of their name."""
        return {
            f: text
            for f, text in self.fields.items()
            if f not in self.lacks and text not in _NOTHING and text.strip('"').lower() != f.lower()
        }


def read_options(options: Sequence[str], target: Target = TRANSACTIONS) -> dict[str, str]:
    """Parse `--map field=column` options; returns them by field.

    Raises:
        ConfigError: One is not of that form, or names no field.
    """
    known = target.source.columns
    given = {}
    for option in options:
        name, separator, expression = option.partition("=")
        if not separator or not expression.strip():
            raise ConfigError(
                f"--map {option!r} is not valid.", "Use field=column or field=expression."
            )
        if name.strip() not in known:
            fields = ", ".join(known)
            raise ConfigError(
                f"--map has an unknown field {name.strip()!r}.", f"The fields are {fields}."
            )
        given[name.strip()] = expression.strip()
    return given


def layout_of(header: Sequence[str], target: Target = TRANSACTIONS) -> Layout | None:
    """Return the known layout that a header has; None if it has none."""
    return next((layout for layout in target.layouts if not layout.lacking(header)), None)


def mapping_of(header: Sequence[str], source: Source) -> FileMapping | None:
    """Return the first mapping that a source declares for such files; None if there is none."""

    def fits(declared: FileMapping) -> bool:
        return all(referred(header, text) is not None for _, text in declared.fields)

    return next(filter(fits, source.files), None)


def is_known(header: Sequence[str], target: Target = TRANSACTIONS) -> bool:
    """Whether a header is that of a known layout."""
    if layout_of(header, target) is not None:
        return True
    declared = mapping_of(header, target.source)
    # One of constants alone fits every header.
    return declared is not None and any(referred(header, text) for _, text in declared.fields)


def fields_of(
    name: str,
    header: Sequence[str],
    given: Mapping[str, str],
    target: Target = TRANSACTIONS,
    inside: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Fields:
    """Return how the rows of a file become records.

    Args:
        name: Name of the file.
        header: Its columns.
        given: The user's mappings, which take precedence over a known layout, and over the
            mapping that the source declares.
        target: What the rows become.
        inside: See `Content.inside`.

    Raises:
        InputError: The layout is unknown, and the user's mappings are not sufficient.
    """
    declared = mapping_of(header, target.source)
    if declared is not None:
        given = dict(declared.fields) | dict(given)
    said = {field: _expression(name, header, text) for field, text in given.items()}
    if (layout := layout_of(header, target)) is not None:
        return _of_layout(layout, header, said, target)
    wanted = target.source.columns
    own = _named(header, wanted)
    fields = {f: identifier(f) for f in wanted if f in own} | _inside(own, target.source) | said
    lacking = [f for f in target.needed if f not in fields]
    lacks = {}
    for f, way in target.derived.items():
        if f in fields:
            continue
        if way.of in fields:
            fields[f] = f"{way.macro}({fields[way.of]})"
            lacks[f] = way.words
        else:
            lacking.append(f)
    if lacking:
        if place := next((at for at in inside if _has_records(inside[at], target)), None):
            raise InputError(
                f"{name} has its {target.record}s inside of {place}.",
                f"Take them out first: jq -c '{place}' {name} > {target.record}s.json",
            )
        known = given or not target.layouts
        raise _unknown(name, header, lacking if known else (), target)
    for fill in target.filled:
        missing = [f for f in fill.fields if f not in fields]
        if missing:
            fields |= dict.fromkeys(missing, fill.sql)
            lacks[missing[0]] = f"No {', '.join(missing)}: {fill.words}."
    words = declared.name if declared is not None else "columns as they are named"
    return Fields(words, own, _in_order(fields, target), lacks)


def _named(header: Sequence[str], fields: Iterable[str]) -> dict[str, str]:
    """The columns by the fields whose names they have, and the others by their simple names.

    A column has the name of a field that differs in case alone, or else in spaces and signs.
    """
    lower = {column.lower(): column for column in reversed(header)}
    named = {f: lower[f.lower()] for f in fields if f.lower() in lower}
    others = {simple(column): column for column in reversed(header) if column not in named.values()}
    for f in fields:
        if f not in named and simple(f) in others:
            named[f] = others.pop(simple(f))
    taken = {f.lower() for f in named}
    return named | {known: column for known, column in others.items() if known not in taken}


def _inside(own: Mapping[str, str], source: Source) -> dict[str, str]:
    """Where a file has the objects and arrays of a record: the fields that are inside of them."""
    names = {column: name for name, column in own.items()}
    inside = {}
    for name, (first, *others) in source.paths:
        if first not in names:
            continue
        text = identifier(names[str(first)])
        if not others:
            inside[name] = text
            continue
        steps = (
            f"[{step}]" if isinstance(step, int) else f".{json.dumps(step, ensure_ascii=False)}"
            for step in others
        )
        macro = "exact_at_path" if is_decimal(source.columns[name]) else "at_path"
        otherwise = identifier(name) if name in own else "NULL"
        inside[name] = f"{macro}({text}, {literal('$' + ''.join(steps))}, {otherwise})"
    return inside


def _of_layout(
    layout: Layout, header: Sequence[str], said: Mapping[str, str], target: Target
) -> Fields:
    names = layout.names(header)
    own = {f: text for f, (column, text) in layout.own.items() if column in names}
    better = {**own, **said}
    return Fields(
        layout.name,
        names,
        _in_order({**layout.fields, **better}, target),
        {f: words for f, words in layout.lacks.items() if f not in better},
        layout.seconds if layout.seconds in names else "",
        layout.data,
    )


def _has_records(fields: Sequence[str], target: Target) -> bool:
    """Whether objects with these fields are records, under known names or their own."""
    return is_known(fields, target) or (
        not target.layouts and _named(fields, target.needed).keys() >= set(target.needed)
    )


def _expression(name: str, header: Sequence[str], text: str) -> str:
    """A column's name as SQL, or the expression itself."""
    exact = next((column for column in header if column == text), None)
    found = exact or next((c for c in header if c.lower() == text.lower()), None)
    if found is None and text.isidentifier() and text.lower() not in _WORDS:
        columns = ", ".join(header)[:300]
        raise InputError(f"{name} has no column {text!r}.", f"Its columns are {columns}.")
    if found is None and (what := beyond_row(text)):
        raise InputError(
            f"{name}: {text!r} has {what}, but a mapping is an expression over one row.",
            "Write it such as CAST(Amount AS DOUBLE) / 100.",
        )
    return identifier(found) if found else text


def _in_order(fields: Mapping[str, str], target: Target) -> dict[str, str]:
    return {f: fields[f] for f in target.source.columns if f in fields}


def _unknown(
    name: str, header: Sequence[str], lacking: Sequence[str], target: Target
) -> InputError:
    hint = _hint(lacking, target)
    if lacking:
        return InputError(f"{name} has no column for {', '.join(lacking)}.", hint)
    near = min(target.layouts, key=lambda layout: len(layout.lacking(header)) / len(layout.columns))
    missing = near.lacking(header)
    if len(missing) <= len(near.columns) // 2:
        return InputError(
            f"{name} looks like {near.name}, but has no column {', '.join(sorted(missing))}.", hint
        )
    if header and all(re.fullmatch(r"column\d+", column) for column in header):
        return InputError(
            f"{name} has no header; its columns are called {header[0]} to {header[-1]}.", hint
        )
    begins = ", ".join(header)[:80]
    return InputError(f"{name} has no known layout; its columns are {begins!r}.", hint)


def _hint(lacking: Sequence[str], target: Target) -> str:
    if not target.layouts:
        examples = " ".join(f"--map {f}=column" for f in lacking)
        hint = f"Say which column is which: {examples}."
        if declared := target.source.files:
            names = ", ".join(repr(each.name) for each in declared)
            hint += f" The source's files are {names}, and this is none of them."
        return hint
    known = "; ".join(layout.name for layout in target.layouts if layout.data)
    return (
        "Say which column is which with --map, as in --map amt=Amount --map user_id=customer "
        f"--map {TIME_COLUMN}=booked_at. Known are: {known}."
    )
