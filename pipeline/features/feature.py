"""A feature: a name, a sink topic, a source, and one Ibis expression over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.types as ir

from pipeline.errors import InputError
from pipeline.model import Sink, SinkColumn
from pipeline.sources import TRANSACTION, Source

from .lineage import is_computed, reveals
from .windows import windows_of

Expression = Callable[[ir.Table], ir.Table]


def source_table(source: Source) -> ir.Table:
    """Return the unbound table of a source, the input of a feature."""
    return ibis.table(source.columns, name=source.name)


@dataclass(frozen=True)
class Feature:
    """One streaming feature.

    The sink's schema, its DDL, the job, the topic and the parity check all follow from
    `expression`, so that adding a feature means writing one function.

    Attributes:
        name: The feature's name, and the job's.
        topic: The sink topic, without the profile's prefix.
        expression: Function from the source's table to the table of results.
        source: The stream that it reads.
        on_request: Whether its job only starts when it is asked for.
    """

    name: str
    topic: str
    expression: Expression
    source: Source = TRANSACTION
    on_request: bool = False

    @cached_property
    def table(self) -> ir.Table:
        """The result of the expression for the source's unbound table."""
        return self.expression(source_table(self.source))

    @property
    def description(self) -> str:
        """First line of the expression's docstring."""
        return (self.expression.__doc__ or "").strip().partition("\n")[0]

    @cached_property
    def columns(self) -> dict[str, str]:
        """Columns of the sink in order, as Ibis type names by name."""
        return {name: str(dtype) for name, dtype in self.table.schema().items()}

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """The columns that identify a row: those copied or grouped by."""
        op = self.table.op()
        return tuple(name for name in self.columns if not is_computed(op, name))

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The computed columns, which `verify` compares."""
        return tuple(name for name in self.columns if name not in self.identity)

    @cached_property
    def event_time(self) -> str:
        """The time column: a row is final once the watermark passes it."""
        return "window_end" if "window_end" in self.columns else self.source.time

    @cached_property
    def sensitive(self) -> frozenset[str]:
        """The columns that show a sensitive one of the source, under any name, or have its name."""
        op, hidden = self.table.op(), self.source.sensitive
        return frozenset(
            name for name in self.columns if name in hidden or reveals(op, name, hidden)
        )

    @cached_property
    def sink(self) -> Sink:
        """What its topic holds."""
        columns = (
            SinkColumn(name, dtype, name in self.measures, name in self.sensitive)
            for name, dtype in self.columns.items()
        )
        ends = self.event_time
        windows = windows_of(self.table.op(), ends) if ends in self.columns else None
        return Sink(
            self.name,
            self.topic,
            tuple(columns),
            source=self.source.topic,
            time=self.source.time,
            user=self.source.user,
            windows=windows,
        )


def feature(*, topic: str, source: Source = TRANSACTION) -> Callable[[Expression], Feature]:
    """Turn a function into a feature; its name becomes the job's name.

    Args:
        topic: The sink topic, without the profile's prefix.
        source: The stream that it reads; the function gets its table.
    """
    if not isinstance(source, Source):
        raise InputError(
            f"The source of a feature is a {type(source).__name__}, but must be a source.",
            "Declare it by `payments = source(...)`, and write `source=payments`.",
        )

    def decorate(expression: Expression) -> Feature:
        return Feature(expression.__name__, topic, expression, source)

    return decorate
