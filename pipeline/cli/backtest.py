"""`backtest`: how well signals catch fraud, on files or on a topic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from pipeline.errors import ConfigError, InputError

from .common import Common, Json, print_json, print_table, require_topic, running_kafka, say

if TYPE_CHECKING:
    import duckdb

    from pipeline.backtest.beside import Beside
    from pipeline.backtest.figures import Figures
    from pipeline.backtest.scored import Scored
    from pipeline.signals import Signal

# As many as a model has.
_WINDOWS: Final = 11
_ROW_FILES: Final = (".csv", ".parquet")


def backtest(
    *what: str,
    signal: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    model: Annotated[tuple[Path, ...], Parameter(negative="", show_default=False)] = (),
    threshold: Annotated[tuple[float, ...], Parameter(negative="", show_default=False)] = (),
    budget: int = 10,
    rows: Annotated[Path | None, Parameter(show_default=False)] = None,
    mapping: Annotated[
        tuple[str, ...], Parameter(name="--map", negative="", show_default=False)
    ] = (),
    json: Json = False,
    common: Common = Common(),
) -> int:
    """Judge signals on labelled transactions: what they would have caught, missed and disturbed.

    The scores are computed on DuckDB, by the expression that runs on Flink.

    Args:
        what: Files, as for replay, or one topic that signals read.
        signal: A signal; may be repeated; all of them without one.
        model: A file of a model, beside the signals; may be repeated.
        threshold: The score from which a transaction is an alert, in place of the signal's own;
            may be repeated.
        budget: How many alerts a day can be looked at.
        rows: Write each transaction with its score and what became of it: to a .csv or .parquet
            file.
        mapping: Which column, or DuckDB expression, is a field: amt=Amount; may be repeated.
    """
    from msgspec import to_builtins

    from pipeline.backtest.beside import beside
    from pipeline.backtest.figures import as_json, figures
    from pipeline.backtest.scored import score, write_rows

    def report(line: str) -> None:
        say(f"  … {line}", over=True)

    _refuse_invalid(threshold, budget, rows)
    found: list[Figures] = []
    with _transactions(what, mapping, common, report) as (connection, topic):
        signals = _signals(signal, model, topic, common)
        _say_what_was_trained_on(connection, model)
        if rows is not None and (len(signals) > 1 or len(threshold) > 1):
            raise ConfigError(
                "--rows takes one signal and one threshold.", "Name them by --signal, --threshold."
            )
        judged: list[tuple[Scored, float]] = []
        for number, each in enumerate(signals):
            report(f"computing {each.name}")
            scored = score(connection, each, number)
            for at in threshold or (each.threshold,):
                found.append(figures(scored, at, budget))
                judged.append((scored, at))
                if rows is not None:
                    write_rows(scored, at, str(rows))
        compared = [beside(*judged[0], *other) for other in judged[1:]]
    say("", over=True)
    if json:
        others = [None, *map(to_builtins, compared)]
        print_json(
            [
                as_json(each) | ({"beside": other} if other else {})
                for each, other in zip(found, others, strict=True)
            ]
        )
    else:
        _print(found, compared)
    return 0


def _refuse_invalid(threshold: Sequence[float], budget: int, rows: Path | None) -> None:
    for each in threshold:
        if not 0 < each <= 1:
            raise ConfigError(
                f"--threshold {each:g} is not valid.", "Use a number above 0, and not above 1."
            )
    if budget < 1:
        raise ConfigError(f"--budget {budget} is not valid.", "Use a number from 1.")
    if rows is not None and rows.suffix not in _ROW_FILES:
        raise ConfigError(f"--rows {rows} is not valid.", f"End it in {' or '.join(_ROW_FILES)}.")


def _signals(
    names: Sequence[str], models: Sequence[Path], topic: str, common: Common
) -> list[Signal]:
    """The chosen signals that read a topic, and those of the models' files."""
    from dataclasses import replace

    from pipeline.signals import Signal
    from pipeline.signals.model_signal import model_signal
    from pipeline.signals.trees import read_model
    from pipeline.sources import TRANSACTION
    from pipeline.stack import catalog

    settings = common.settings
    known = [
        each
        for each in catalog.load(settings)
        if isinstance(each, Signal) and each.source.topic == topic
    ]
    for name in names:
        if name not in {each.name for each in known}:
            listed = ", ".join(each.name for each in known) or "none"
            raise InputError(
                f"No signal named {name!r} reads {topic!r}.", f"Signals that do: {listed}."
            )
    chosen = [each for each in known if each.name in names or not (names or models)]
    if models and topic == TRANSACTION.topic:
        chosen += [
            replace(model_signal(read_model(path), settings.rules), name=path.stem)
            for path in models
        ]
    if not chosen:
        raise InputError(
            f"No signal reads {topic!r}.", "Declare one by @signal in a file of features."
        )
    return chosen


def _say_what_was_trained_on(connection: duckdb.DuckDBPyConnection, models: Sequence[Path]) -> None:
    """Say which models have seen these transactions, since their figures then prove little."""
    if not models:
        return
    from pipeline.signals.trees import read_model
    from pipeline.training.examples import digest

    these = digest(connection)
    for path in models:
        if read_model(path).training.digest == these:
            say(
                f"{path} was trained on these transactions, so its figures say nothing about "
                "others; `fraudwatch train` judges it on unseen customers."
            )


@contextmanager
def _transactions(
    what: Sequence[str],
    mapping: Sequence[str],
    common: Common,
    report: Callable[[str], None],
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Read files or a topic; yields the database, and the topic whose records they are."""
    from pipeline.inspection.of_file import is_file
    from pipeline.sources import TRANSACTION

    from .transactions import transactions_of

    if len(what) == 1 and not is_file(what[0]):
        with _of_topic(what[0], common, report) as connection:
            yield connection, what[0]
        return
    with transactions_of(what, mapping, common.settings.state_dir, report) as connection:
        yield connection, TRANSACTION.topic


@contextmanager
def _of_topic(
    topic: str, common: Common, report: Callable[[str], None]
) -> Iterator[duckdb.DuckDBPyConnection]:
    from pipeline.kafka.extent import extent
    from pipeline.parity.batch import INPUT
    from pipeline.parity.tables import StoredRows, read_transactions, workspace
    from pipeline.stack import catalog

    sources = {each.topic: each for each in catalog.load(common.settings).sources}
    if topic not in sources:
        raise InputError(
            f"{topic!r} is neither a file nor a topic that signals read.",
            f"Topics: {', '.join(sources)}.",
        )
    source, kafka = sources[topic], running_kafka(common)
    name = kafka.topic(topic)
    require_topic(kafka, name, nor="file")
    ends = {number: offsets.end for number, offsets in extent(kafka, name).items()}
    with workspace(_WINDOWS) as connection:
        stored = StoredRows(connection, "transactions", source.columns, source.time)
        read_transactions(
            stored, source, kafka, ends, ends, report=lambda n: report(f"reading {topic}: {n:,}")
        )
        if not stored.count:
            raise InputError(
                f"{name} holds no valid record.", "Send some with `fraudwatch replay`."
            )
        connection.execute(
            f"CREATE VIEW {INPUT} AS SELECT * EXCLUDE (__row, __partition, __arrived, __ahead) "
            f"FROM {stored.table}"
        )
        yield connection


def _print(found: Sequence[Figures], compared: Sequence[Beside]) -> None:
    from pipeline.backtest.table import beside_lines, lines, summary

    print(summary(found[0]))
    print()
    print_table(*lines(found), right=range(1, len(found) + 1))
    for each in compared:
        print()
        agreement = f"{each.agreement:.1%}" if each.agreement is not None else "none"
        print(f"{each.first} and {each.second} agree on {agreement} of the transactions.")
        print_table(*beside_lines(each), right=range(1, 5))
