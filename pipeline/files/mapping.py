"""Maps columns or expressions of a file to the fields of a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pipeline.contract import KEY_COLUMN, TIME_COLUMN, TRANSACTION_FIELDS
from pipeline.errors import ConfigError, InputError
from pipeline.text.sql import identifier

from .known import LAYOUTS
from .layouts import Layout, simple

_CARD: Final = "cc_num"
# Fields that a transaction requires.
_NEEDED: Final = (TIME_COLUMN, "amt")
_WORDS: Final = ("null", "true", "false")
_FILLED: Final = {_CARD: "0", "is_fraud": "0"}
_HINT: Final = (
    "Say which column is which with --map, as in --map amt=Amount --map user_id=customer "
    f"--map {TIME_COLUMN}=booked_at. Known are: {'; '.join(o.name for o in LAYOUTS if o.data)}."
)


@dataclass(frozen=True, slots=True)
class Fields:
    """How the rows of a file become transactions.

    Attributes:
        layout: Name of its layout.
        columns: The file's columns by the names that `fields` use for them.
        fields: DuckDB SQL by field of the topic, in the order of the contract.
        lacks: By field, a sentence that says what the file lacks for it, and how it is filled.
        seconds: SQL of an epoch, for times that have lost their seconds; empty for none.
        data: False for a file without transactions.
    """

    layout: str
    columns: Mapping[str, str]
    fields: Mapping[str, str]
    lacks: Mapping[str, str] = field(default_factory=dict)
    seconds: str = ""
    data: bool = True

    @property
    def renamed(self) -> dict[str, str]:
        """The fields that do not come from the column of their name."""
        return {
            f: text
            for f, text in self.fields.items()
            if f not in self.lacks and text != "''" and text.strip('"').lower() != f
        }


def read_options(options: Sequence[str]) -> dict[str, str]:
    """Parse `--map field=column` options; returns them by field.

    Raises:
        ConfigError: One is not of that form, or names no field.
    """
    given = {}
    for option in options:
        name, separator, expression = option.partition("=")
        if not separator or not expression.strip():
            raise ConfigError(
                f"--map {option!r} is not valid.", "Use field=column or field=expression."
            )
        if name.strip() not in TRANSACTION_FIELDS:
            fields = ", ".join(TRANSACTION_FIELDS)
            raise ConfigError(
                f"--map has an unknown field {name.strip()!r}.", f"The fields are {fields}."
            )
        given[name.strip()] = expression.strip()
    return given


def layout_of(header: Sequence[str]) -> Layout | None:
    """Return the known layout that a header has; None if it has none."""
    return next((layout for layout in LAYOUTS if not layout.lacking(header)), None)


def is_known(header: Sequence[str]) -> bool:
    """Whether a header is that of a known layout."""
    return layout_of(header) is not None


def fields_of(name: str, header: Sequence[str], given: Mapping[str, str]) -> Fields:
    """Return how the rows of a file become transactions.

    Args:
        name: Name of the file.
        header: Its columns.
        given: The user's mappings, which take precedence over a known layout.

    Raises:
        InputError: The layout is unknown, and the user's mappings are not sufficient.
    """
    said = {field: _expression(name, header, text) for field, text in given.items()}
    if (layout := layout_of(header)) is not None:
        return _of_layout(layout, header, said)
    own = {simple(column): column for column in reversed(header)}
    fields = {f: identifier(f) for f in TRANSACTION_FIELDS if f in own} | said
    lacking = [f for f in _NEEDED if f not in fields]
    if KEY_COLUMN not in fields and _CARD not in fields:
        lacking.append(KEY_COLUMN)
    if lacking:
        raise _unknown(name, header, lacking if given else ())
    lacks = {}
    if KEY_COLUMN not in fields:
        fields[KEY_COLUMN] = f"user_of({fields[_CARD]})"
        lacks[KEY_COLUMN] = "No user ids: a hash of the card number."
    for fill, words in (("0", "0"), ("''", "empty")):
        missing = [
            f for f in TRANSACTION_FIELDS if f not in fields and fill == _FILLED.get(f, "''")
        ]
        if missing:
            fields |= dict.fromkeys(missing, fill)
            lacks[missing[0]] = f"No {', '.join(missing)}: {words}."
    return Fields("columns as they are named", own, _in_order(fields), lacks)


def _of_layout(layout: Layout, header: Sequence[str], said: Mapping[str, str]) -> Fields:
    names = layout.names(header)
    own = {f: text for f, (column, text) in layout.own.items() if column in names}
    better = {**own, **said}
    return Fields(
        layout.name,
        names,
        _in_order({**layout.fields, **better}),
        {f: words for f, words in layout.lacks.items() if f not in better},
        layout.seconds if layout.seconds in names else "",
        layout.data,
    )


def _expression(name: str, header: Sequence[str], text: str) -> str:
    """A column's name as SQL, or the expression itself."""
    exact = next((column for column in header if column == text), None)
    found = exact or next((c for c in header if c.lower() == text.lower()), None)
    if found is None and text.isidentifier() and text.lower() not in _WORDS:
        columns = ", ".join(header)[:300]
        raise InputError(f"{name} has no column {text!r}.", f"Its columns are {columns}.")
    return identifier(found) if found else text


def _in_order(fields: Mapping[str, str]) -> dict[str, str]:
    return {f: fields[f] for f in TRANSACTION_FIELDS if f in fields}


def _unknown(name: str, header: Sequence[str], lacking: Sequence[str]) -> InputError:
    if lacking:
        return InputError(f"{name} has no column for {', '.join(lacking)}.", _HINT)
    near = min(LAYOUTS, key=lambda layout: len(layout.lacking(header)) / len(layout.columns))
    missing = near.lacking(header)
    if len(missing) <= len(near.columns) // 2:
        return InputError(
            f"{name} looks like {near.name}, but has no column {', '.join(sorted(missing))}.", _HINT
        )
    begins = ", ".join(header)[:80]
    return InputError(f"{name} has no known layout; its columns are {begins!r}.", _HINT)
