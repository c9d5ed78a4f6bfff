"""What the rows of files become: records of a source, and what is particular to a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from pipeline.contract import KEY_COLUMN, TIME_COLUMN, TRANSACTION_FIELDS
from pipeline.sources import TRANSACTION, Source
from pipeline.sources.column_types import is_whole

from .encoder import Encoder, TextEncoder
from .known import LAYOUTS
from .layouts import Layout

_CARD: Final = "cc_num"


@dataclass(frozen=True, slots=True)
class Derived:
    """A field that a file may lack, because it can be computed from another one.

    Attributes:
        of: The other field.
        macro: The DuckDB macro that computes it.
        words: A sentence that says so.
    """

    of: str
    macro: str
    words: str


@dataclass(frozen=True, slots=True)
class Filled:
    """Fields that a file may lack, and what they are then.

    Attributes:
        sql: Their value.
        words: The same in words.
        fields: The fields, in order.
    """

    sql: str
    words: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """What the rows of files become.

    Attributes:
        source: The stream.
        encoder: What makes the values of its records.
        record: What one of its records is called.
        needed: The fields for which a file must have a column.
        filled: What the other fields are if a file has no column for them.
        derived: Fields that are needed or filled unless they can be computed, by field.
        layouts: Layouts that are known by their header.
        digits: The columns of numbers whose digits a spreadsheet may have lost.
        their: What these numbers are called.
        nulls: Whether an empty text of a CSV is null; otherwise it is an empty text.
        births: The columns of texts with dates of birth, which are written in ISO 8601.
        exact_times: Whether times keep their milliseconds; otherwise they are of whole seconds.
    """

    source: Source
    encoder: Encoder
    record: str
    needed: tuple[str, ...]
    filled: tuple[Filled, ...]
    derived: Mapping[str, Derived] = field(default_factory=dict)
    layouts: tuple[Layout, ...] = ()
    digits: tuple[str, ...] = ()
    their: str = "numbers"
    nulls: bool = True
    births: tuple[str, ...] = ()
    exact_times: bool = True

    @classmethod
    def of(cls, source: Source, encoder: Encoder | None = None) -> Self:
        """Return what rows become as records of a source.

        Args:
            source: The source.
            encoder: What makes the values of its records; as text when None.
        """
        encoder = encoder or TextEncoder(source)
        if source == TRANSACTION:
            return cls(
                source,
                encoder,
                record="transaction",
                needed=(TIME_COLUMN, "amt"),
                filled=(
                    Filled("0", "0", (_CARD, "is_fraud")),
                    Filled("''", "empty", _FILLED_WITH_NOTHING),
                ),
                derived={
                    KEY_COLUMN: Derived(_CARD, "user_of", "No user ids: a hash of the card number.")
                },
                layouts=LAYOUTS,
                digits=(_CARD,),
                their="card numbers",
                nulls=False,
                births=("dob",),
                exact_times=False,
            )
        optional = tuple(name for name in source.columns if name not in source.required)
        return cls(
            source,
            encoder,
            record="record",
            needed=source.required,
            filled=(Filled("NULL", "null", optional),),
            digits=tuple(
                name for name, dtype in source.schema if is_whole(dtype) and name != source.label
            ),
        )


_FILLED_WITH_NOTHING: Final = tuple(
    name for name, dtype in TRANSACTION_FIELDS.items() if dtype == "string"
)

TRANSACTIONS: Final = Target.of(TRANSACTION)
