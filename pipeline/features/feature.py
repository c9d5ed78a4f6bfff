"""A feature: a name, a sink topic, its sources, and one Ibis expression over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import isfunction, signature

import ibis
import ibis.expr.types as ir

from pipeline.errors import InputError
from pipeline.model.sinks import Sink, SinkColumn
from pipeline.sources import TRANSACTION, Source
from pipeline.sources.arguments import shown
from pipeline.text.words import counted

from .interval_join import IntervalJoin, interval_join
from .lineage import is_computed, reveals
from .windows import windows_of

Expression = Callable[..., ir.Table]
"""A function of one table for each source, in their order."""


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
        expression: Function from the tables of the sources to the table of results.
        sources: The streams that it reads. The first one has the event time of the rows, and their
            user.
        on_request: Whether its job only starts when it is asked for.
    """

    name: str
    topic: str
    expression: Expression
    sources: tuple[Source, ...] = (TRANSACTION,)
    on_request: bool = False

    @cached_property
    def table(self) -> ir.Table:
        """The result of the expression for the unbound tables of the sources."""
        return self.expression(*map(source_table, self.sources))

    @property
    def source(self) -> Source:
        """The first of its sources."""
        return self.sources[0]

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that it reads, and the one that it writes, without the profile's prefix."""
        return (*(source.topic for source in self.sources), self.topic)

    @cached_property
    def join(self) -> IntervalJoin | None:
        """What makes a pair of records of its two sources; None if it has one source.

        Raises:
            ValueError: It does not join them by time.
        """
        return interval_join(self.table.op(), self.sources) if len(self.sources) > 1 else None

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
        """The columns that show a sensitive one of a source, under any name, or have its name."""
        hidden = {source.name: source.sensitive for source in self.sources}
        names, op = {name for each in hidden.values() for name in each}, self.table.op()
        return frozenset(
            name for name in self.columns if name in names or reveals(op, name, hidden)
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


def require_source(declared: object) -> None:
    """Refuse what is not a source.

    Raises:
        InputError: It is something else.
    """
    if not isinstance(declared, Source):
        raise InputError(
            f"The source of a feature is {shown(declared)}, but must be a source.",
            "Declare it by `payments = source(...)`, and write `source=payments`.",
        )


def function_name(expression: object, sources: Sequence[Source]) -> str:
    """Return the name of a function that takes one table for each source.

    Raises:
        InputError: It is no function, has no name, or takes something else.
    """
    tables = ", ".join(source.name for source in sources)
    name = getattr(expression, "__name__", "")
    if not isfunction(expression) or not name.isidentifier():
        raise InputError(
            f"What becomes a feature is {shown(expression)}, but must be a function with a name.",
            f"Write `def large({tables}):` under the decorator.",
        )
    try:
        signature(expression).bind(*sources)
    except TypeError:
        raise InputError(
            f"{name} must take {counted(len(sources), 'table')}, one for each source.",
            f"Write `def {name}({tables}):`.",
        ) from None
    return name


def feature(
    *, topic: str, source: Source | tuple[Source, ...] = TRANSACTION
) -> Callable[[Expression], Feature]:
    """Turn a function into a feature; its name becomes the job's name.

    Args:
        topic: The sink topic, without the profile's prefix.
        source: The stream that it reads, or two whose records it joins; the function gets the table
            of each, in this order.
    """
    sources = source if isinstance(source, tuple) else (source,)
    if isinstance(source, list):
        raise InputError(
            "The sources of a feature are a list, but must be in round brackets.",
            "Write `source=(payments, logins)`, or one without brackets.",
        )
    for each in sources or (None,):
        require_source(each)
    if len(set(sources)) < len(sources):
        raise InputError(
            "A feature names a source twice, but joins two different ones.",
            "What it needs of a stream's own past is a window of .over().",
        )

    def decorate(expression: Expression) -> Feature:
        return Feature(function_name(expression, sources), topic, expression, sources)

    return decorate
