"""`backtest`: how well signals catch fraud, on files or on a topic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from cyclopts import Parameter

from pipeline.errors import ConfigError, InputError

from .common import (
    Common,
    Json,
    Mappings,
    print_json,
    print_table,
    require_topic,
    running_kafka,
    say,
    say_hidden,
)

if TYPE_CHECKING:
    import duckdb

    from pipeline.backtest.judged import Judged
    from pipeline.backtest.scored import Scored
    from pipeline.config import Settings
    from pipeline.features import Registry
    from pipeline.signals import Signal
    from pipeline.signals.trees import Model
    from pipeline.sources import Source

_ROW_FILES: Final = (".csv", ".parquet")


def backtest(
    *what: str,
    signal: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    model: Annotated[tuple[Path, ...], Parameter(negative="", show_default=False)] = (),
    threshold: Annotated[tuple[float, ...], Parameter(negative="", show_default=False)] = (),
    budget: int = 10,
    rows: Annotated[Path | None, Parameter(show_default=False)] = None,
    labels: Annotated[bool, Parameter(negative="")] = False,
    mapping: Mappings = (),
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
        labels: Labels and verdicts of the profile's topics count more than a transaction's own,
            and a transaction younger than maturity_days has none.
        mapping: Which column, or DuckDB expression, is a field: amt=Amount; may be repeated.
    """
    from pipeline.backtest.beside import beside
    from pipeline.backtest.drifted import drift
    from pipeline.backtest.figures import figures
    from pipeline.backtest.judged import Judged, as_json
    from pipeline.backtest.scored import score, write_rows
    from pipeline.stack import catalog

    from .transactions import relabelled

    def report(line: str) -> None:
        say(f"  … {line}", over=True)

    _refuse_invalid(threshold, budget, rows)
    features = catalog.load(common.settings)
    judged: list[Judged] = []
    first: tuple[Scored, float] | None = None
    with _transactions(what, mapping, features, common, report) as (connection, topic):
        if labels:
            relabelled(connection, _source(topic, features), common)
        candidates = _candidates(signal, model, topic, features, common.settings)
        if rows is not None and (len(candidates) > 1 or len(threshold) > 1):
            raise ConfigError(
                "--rows takes one signal and one threshold.", "Name them by --signal, --threshold."
            )
        _say_what_was_trained_on(connection, candidates)
        for number, each in enumerate(candidates):
            report(f"computing {each.signal.name}")
            scored = score(connection, each.signal, number)
            moved = drift(scored, each.model) if each.model is not None else {}
            for at in threshold or (each.signal.threshold,):
                other = None if first is None else beside(*first, scored, at)
                first = first or (scored, at)
                judged.append(Judged(figures(scored, at, budget), other, moved))
                if rows is not None:
                    hidden = () if common.settings.show_sensitive else each.signal.sensitive
                    if hidden:
                        say_hidden(hidden, f" in {rows}")
                    write_rows(scored, at, str(rows), hidden)
    say("", over=True)
    if json:
        print_json([as_json(each) for each in judged])
    else:
        _print(judged)
    return 0


def _source(topic: str, features: Registry) -> Source:
    (source,) = (each for each in features.sources if each.topic == topic)
    return source


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


class _Candidate(NamedTuple):
    """A signal to judge, with its model if it has one."""

    signal: Signal
    model: Model | None = None


def _candidates(
    names: Sequence[str],
    models: Sequence[Path],
    topic: str,
    features: Registry,
    settings: Settings,
) -> list[_Candidate]:
    """The chosen signals that read a topic, and those of the models' files."""
    from dataclasses import replace

    from pipeline.signals import Signal
    from pipeline.signals.model_signal import NAME, model_signal
    from pipeline.signals.trees import read_model
    from pipeline.sources import TRANSACTION

    known = {
        each.name: each
        for each in features
        if isinstance(each, Signal) and each.source.topic == topic
    }
    for name in names:
        if name not in known:
            raise InputError(
                f"No signal named {name!r} reads {topic!r}.",
                f"Signals that do: {', '.join(known) or 'none'}.",
            )
    chosen = [
        _Candidate(each, read_model(settings.model_file) if name == NAME else None)
        for name, each in known.items()
        if name in names or not (names or models)
    ]
    if models and topic == TRANSACTION.topic:
        for path in models:
            found = read_model(path)
            signal = replace(model_signal(found, settings.rules), name=path.stem)
            chosen.append(_Candidate(signal, found))
    if not chosen:
        raise InputError(
            f"No signal reads {topic!r}.", "Declare one by @signal in a file of features."
        )
    return chosen


def _say_what_was_trained_on(
    connection: duckdb.DuckDBPyConnection, candidates: Sequence[_Candidate]
) -> None:
    """Say which models have seen these transactions, since their figures then prove little."""
    if not any(each.model for each in candidates):
        return
    from pipeline.training.examples import digest

    these = digest(connection)
    for each in candidates:
        if each.model is not None and each.model.training.digest == these:
            say(
                f"The model of {each.signal.name} was trained on these transactions, so its "
                "figures say nothing about others; `fraudwatch train` judges it on unseen "
                "customers."
            )


@contextmanager
def _transactions(
    what: Sequence[str],
    mapping: Sequence[str],
    features: Registry,
    common: Common,
    report: Callable[[str], None],
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Read files or a topic; yields the database, and the topic whose records they are."""
    from pipeline.inspection.of_file import is_file
    from pipeline.sources import TRANSACTION

    from .transactions import transactions_of

    if len(what) == 1 and not is_file(what[0]):
        with _of_topic(what[0], features, common, report) as connection:
            yield connection, what[0]
        return
    with transactions_of(what, mapping, common.settings.state_dir, report) as connection:
        yield connection, TRANSACTION.topic


@contextmanager
def _of_topic(
    topic: str, features: Registry, common: Common, report: Callable[[str], None]
) -> Iterator[duckdb.DuckDBPyConnection]:
    from pipeline.interrupt import interruptible
    from pipeline.kafka.extent import extent
    from pipeline.parity.batch import INPUT
    from pipeline.parity.sql_names import listed
    from pipeline.parity.tables import StoredRows, read_transactions, workspace
    from pipeline.signals.inputs import INPUTS, windows_of

    sources = {each.topic: each for each in features.sources}
    if topic not in sources:
        raise InputError(
            f"{topic!r} is neither a file nor a topic that signals read.",
            f"Topics: {', '.join(sources)}.",
        )
    source, kafka = sources[topic], running_kafka(common)
    name = kafka.topic(topic)
    require_topic(kafka, name, nor="file")
    ends = {number: offsets.end for number, offsets in extent(kafka, name).items()}
    with workspace((source,), windows_of(INPUTS)) as connection, interruptible(connection):
        stored = StoredRows(connection, "transactions", source.columns, source.time)
        read_transactions(
            stored, source, kafka, ends, ends, report=lambda n: report(f"reading {topic}: {n:,}")
        )
        if not stored.count:
            raise InputError(
                f"{name} holds no valid record.", "Send some with `fraudwatch replay`."
            )
        connection.execute(
            f"CREATE VIEW {INPUT} AS SELECT {listed(source.columns)} FROM {stored.table}"
        )
        yield connection


def _print(judged: Sequence[Judged]) -> None:
    from pipeline.backtest.table import beside_lines, beside_words, drift_line, lines, summary

    print(summary(judged[0].figures))
    print()
    print_table(*lines([each.figures for each in judged]), right=range(1, len(judged) + 1))
    for each in judged:
        if (other := each.beside) is not None:
            print()
            print(beside_words(other))
            print_table(*beside_lines(other), right=range(1, 5))
    for name, moved in {each.figures.signal: each.drift for each in judged if each.drift}.items():
        print()
        print(drift_line(name, moved))
