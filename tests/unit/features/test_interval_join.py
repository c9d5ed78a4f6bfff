"""Which joins of two sources can run and be proved, and what is said of all others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pytest

from pipeline.errors import InputError
from pipeline.features import Feature, Registry, feature
from pipeline.features.interval_join import IntervalJoin
from pipeline.flink.refusals import refusal
from pipeline.signals.signal import signal
from pipeline.sources import Source, source

Expression = Callable[[ir.Table, ir.Table], ir.Table]
SECOND: Final = timedelta(seconds=1)


def stream(topic: str) -> Source:
    columns = {"at": "timestamp(3)", "who": "string", "n": "int64", "share": "float64"}
    return source(topic=topic, schema=columns, time="at", user="who")


PAID: Final = stream("paid")
SEEN: Final = stream("seen")


def seconds(count: int) -> ir.IntervalScalar:
    return ibis.interval(seconds=count)


def joined(*conditions: Callable[[ir.Table, ir.Table], Any], how: str = "inner") -> Expression:
    """A join of both by user and by these conditions."""

    def expression(paid: ir.Table, seen: ir.Table) -> ir.Table:
        on = [paid.who == seen.who, *(condition(paid, seen) for condition in conditions)]
        pairs = paid.join(seen, on, how=how)
        return (
            pairs.select(paid.who, paid.at)
            if how in ("semi", "anti")
            else pairs.select(paid.who, paid.at, n=seen.n)
        )

    return expression


def within(paid: ir.Table, seen: ir.Table) -> ir.BooleanValue:
    return seen.at.between(paid.at - seconds(60), paid.at)


def renamed(paid: ir.Table, seen: ir.Table) -> ir.Table:
    one = paid.filter(paid.n > 0).select("at", name=paid.who, twice=paid.n * 2)
    other = seen.filter(seen.n > 1)
    return one.join(other, [one.name == other.who, within(one, other)]).drop("n")


def counted(paid: ir.Table, seen: ir.Table) -> ir.Table:
    pairs = joined(within)(paid, seen)
    return pairs.window_by(pairs.at).tumble(size=seconds(60)).agg(n=pairs.count())


def of(expression: Expression, sources: tuple[Source, ...] = (PAID, SEEN)) -> Feature:
    return Feature("own", "own_pairs", expression, sources)


ACCEPTED: Final[dict[str, tuple[Expression, float, float]]] = {
    "between": (joined(within), -60, 0),
    "turned": (joined(lambda p, s: p.at.between(s.at, s.at + seconds(60))), -60, 0),
    "both_sides": (
        joined(lambda p, s: (s.at + seconds(5) >= p.at - seconds(3)) & (s.at < p.at + seconds(9))),
        -8,
        8.999,
    ),
    "tightest": (joined(within, lambda p, s: s.at > p.at - seconds(7)), -6.999, 0),
    "same_time": (joined(lambda p, s: s.at == p.at), 0, 0),
    "more": (joined(within, lambda p, s: p.n > s.n), -60, 0),
    "later_only": (
        joined(lambda p, s: s.at.between(p.at + seconds(5), p.at + ibis.interval(days=2))),
        5,
        172_800,
    ),
    "other_way": (
        lambda paid, seen: seen.join(paid, [paid.who == seen.who, within(paid, seen)]).select(
            paid.at, when=seen.at
        ),
        -60,
        0,
    ),
    "renamed": (renamed, -60, 0),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    expression, earliest, latest = ACCEPTED[name]
    pairs = of(expression)
    assert refusal(pairs) is None
    assert pairs.join == IntervalJoin(earliest * SECOND, latest * SECOND, (("who", "who"),))
    assert pairs.event_time == "at"


REFUSED: Final[dict[str, tuple[Expression, str]]] = {
    "left": (joined(within, how="left"), "it is a join of the kind 'left', and only 'inner'"),
    "outer": (joined(within, how="outer"), "it is a join of the kind 'outer'"),
    "semi": (joined(within, how="semi"), "it is a join of the kind 'semi'"),
    "anti": (joined(within, how="anti"), "it is a join of the kind 'anti'"),
    "asof": (
        lambda paid, seen: paid.asof_join(seen, on=paid.at >= seen.at, predicates="who").select(
            paid.at, paid.who
        ),
        "it is a join of the kind 'asof'",
    ),
    "cross": (
        lambda paid, seen: paid.cross_join(seen).select(paid.at),
        "it is a join of the kind 'cross'",
    ),
    "no_time": (joined(), "its join does not bound how far apart the times of both are"),
    "one_bound": (
        joined(lambda p, s: s.at <= p.at),
        "its join does not bound how far apart the times of both are",
    ),
    "no_pair": (
        joined(within, lambda p, s: s.at > p.at),
        "its join does not bound how far apart the times of both are",
    ),
    "months": (
        joined(lambda p, s: s.at.between(p.at - ibis.interval(months=1), p.at)),
        "its join does not bound how far apart the times of both are",
    ),
    "computed_time": (
        joined(lambda p, s: s.at.truncate("h").between(p.at - seconds(60), p.at)),
        "its join does not bound how far apart the times of both are",
    ),
    "no_key": (
        lambda paid, seen: paid.join(seen, [within(paid, seen)]).select(paid.at),
        "its join has no column of paid that equals one of seen",
    ),
    "float_key": (
        lambda paid, seen: paid.join(seen, [paid.share == seen.share, within(paid, seen)]).select(
            paid.at
        ),
        "its join has no column of paid that equals one of seen",
    ),
    "one_only": (lambda paid, _: paid.select("at", "who"), "it does not join paid and seen once"),
    "twice": (
        lambda paid, seen: (
            paid.join(seen, [paid.who == seen.who, within(paid, seen)])
            .select(paid.at, paid.who)
            .join(seen, "who")
            .select("at", "who")
        ),
        "it does not join paid and seen once",
    ),
    "union": (
        lambda paid, seen: paid.select("at", "who").union(seen.select("at", "who")),
        "it does not join paid and seen once",
    ),
    "window_over_it": (
        counted,
        "it has more than a join, and filters and columns before and after it",
    ),
    "window_before_it": (
        lambda paid, seen: joined(within)(
            paid.mutate(n=paid.n.sum().over(ibis.cumulative_window(order_by=paid.at))), seen
        ),
        "it has more than a join, and filters and columns before and after it",
    ),
    "distinct": (
        lambda paid, seen: joined(within)(paid, seen).distinct(),
        "it has more than a join, and filters and columns before and after it",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    expression, reason = REFUSED[name]
    found = refusal(of(expression))
    assert found is not None
    assert found[0].startswith(f"it has several sources, but {reason}")
    # It names what is accepted.
    assert "payments.join(logins, [payments.account == logins.account" in found[1]


def test_rows_have_the_time_of_the_first_source() -> None:
    def other_time(paid: ir.Table, seen: ir.Table) -> ir.Table:
        return paid.join(seen, [paid.who == seen.who, within(paid, seen)]).select(at=seen.at)

    found = refusal(of(other_time))
    assert found is not None
    assert "nothing says when they are final" in found[0]


def test_keys_are_of_one_type() -> None:
    columns = {"at": "timestamp(3)", "n": "int32"}
    narrow = source(topic="narrow", schema=columns, time="at")

    def by_number(paid: ir.Table, other: ir.Table) -> ir.Table:
        return paid.join(other, [paid.n == other.n, within(paid, other)]).select(paid.at)

    assert refusal(of(by_number)) is None
    found = refusal(of(by_number, (PAID, narrow)))
    assert found is not None
    assert found[0].endswith("equals one of narrow, of the same type and no float")


def test_three_sources_are_refused() -> None:
    found = refusal(of(lambda paid, *_: paid.select("at"), (PAID, SEEN, stream("more"))))
    assert found is not None
    assert found[0] == "it has several sources, but it reads 3 sources, and a join has two"


def test_the_same_source_twice_is_refused() -> None:
    with pytest.raises(InputError, match="twice"):
        feature(topic="own_pairs", source=(PAID, PAID))


def test_a_signal_has_one_source() -> None:
    with pytest.raises(InputError, match="is a tuple, but must be a source"):
        signal(topic="own_alerts", source=(PAID, SEEN))  # type: ignore[arg-type]  # refused


def test_topics_are_taken_by_either_source() -> None:
    pairs = of(joined(within))
    registry = Registry([]).with_feature(pairs, "file")
    assert registry.sources == (PAID, SEEN)
    into_second = Feature("into", "seen", lambda paid: paid.select("at"), (PAID,))
    with pytest.raises(InputError, match="would write to 'seen', which own reads"):
        registry.with_feature(into_second, "file")
    reads_it = Feature("reads", "more", joined(within), (PAID, stream("own_pairs")))
    with pytest.raises(InputError, match="would read 'own_pairs', to which own writes"):
        registry.with_feature(reads_it, "file")
    otherwise = source(topic="seen", schema={"at": "timestamp(3)", "who": "string"}, time="at")
    changed = Feature("again", "again", joined(within), (PAID, otherwise))
    with pytest.raises(InputError, match="reads 'seen', which is declared in another way"):
        registry.with_feature(changed, "file")
