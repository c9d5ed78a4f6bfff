"""What `verify` says about one feature, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from pipeline.text.sanitise import sanitised
from pipeline.text.words import counted

from .compare import Difference


class Outcome(Enum):
    """What may be said of a feature.

    Attributes:
        sign: Before its line.
        exit_code: Of the command.
    """

    PROVED = ("proved", "✓", 0)
    NOT_JUDGED = ("not judged", "?", 6)
    WRONG = ("wrong", "✗", 1)

    def __init__(self, label: str, sign: str, exit_code: int) -> None:
        self.label = label
        self.sign = sign
        self.exit_code = exit_code

    @classmethod
    def of_all(cls, outcomes: Iterable[Outcome]) -> Outcome:
        """Of several features: the worst; one that is not judged leaves the whole not judged."""
        found = set(outcomes)
        return next((worst for worst in reversed(cls) if worst in found), cls.NOT_JUDGED)


@dataclass(frozen=True, slots=True)
class Parity:
    """A live feature held against its own expression in batch.

    Attributes:
        name: The feature.
        transactions: How many were evaluated.
        expected: Result rows that can be judged.
        equal: Of them, those in the sink with equal numbers.
        waiting: Of them, those that wait for the watermark.
        late: Transactions that Flink dropped because they came after the watermark.
        late_reason: How they came to be late.
        missing: Rows that should be in the sink and are not.
        different: Rows in the sink with wrong numbers, or that nobody expects.
        duplicates: Rows delivered more than once.
        before_history: Rows that cannot be judged because their inputs are gone from the topic.
        bad: Invalid records of the transaction topic.
        unread: Transactions that the job has not read.
        undecided: Rows that are right or wrong depending on an order that nobody knows.
        ties: Of them, those that depend on the order of transactions of one time.
        held: Of them, those that the job may still hold, since it has no watermark.
        stopped: Whether the job does not run.
        compacted: The topics from which Kafka has removed records for newer ones.
        largest_relative_error: Between the numbers of equal rows.
        examples: A few of the rows that are not as they should be.
    """

    name: str
    transactions: int
    expected: int
    equal: int
    waiting: int
    late: int
    late_reason: str
    missing: int
    different: int
    duplicates: int
    before_history: int
    bad: int
    unread: int
    undecided: int
    ties: int
    held: int
    stopped: bool
    compacted: tuple[str, ...]
    largest_relative_error: float
    examples: tuple[Difference, ...]

    @property
    def outcome(self) -> Outcome:
        """Whether the feature is right, wrong, or cannot be judged."""
        if (self.missing or self.different) and not self.compacted:
            return Outcome.WRONG
        return Outcome.NOT_JUDGED if self.reasons else Outcome.PROVED

    @property
    def proved(self) -> bool:
        """Whether every row that is final was found to be right, and there are some."""
        return self.outcome is Outcome.PROVED

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it cannot be said that the feature is right, though nothing was found wrong."""
        return tuple(self._reasons())

    def _reasons(self) -> Iterator[str]:
        if self.compacted:
            names = " and ".join(self.compacted)
            yield f"Kafka compacts {names}, and records are gone"
        if self.stopped:
            yield "the job does not run" + (
                f"; {counted(self.unread, 'transaction')} wait for it" if self.unread else ""
            )
        elif self.unread:
            yield f"the job lags: {counted(self.unread, 'transaction')} not read yet"
        if self.held:
            yield (
                f"{counted(self.held, 'row')} may still be in the job, which has had no watermark "
                "since it was started again"
            )
        if self.ties:
            yield (
                f"{counted(self.ties, 'row')} depend on the order of transactions of one user at "
                "one time, which have none"
            )
        if more := self.undecided - self.ties - self.held:
            yield (
                f"whether the transactions of {counted(more, 'row')} came late depends on the "
                "order in which Flink read the partitions, which Kafka does not keep"
            )
        if not self.equal:
            yield "no result is final yet" if self.waiting else "there is no result to judge"


_COLUMNS = (
    ("EXPECTED", "expected"),
    ("EQUAL", "equal"),
    ("WAITING", "waiting"),
    ("LATE", "late"),
    ("MISSING", "missing"),
    ("DIFFERENT", "different"),
    ("UNDECIDED", "undecided"),
    ("DUPLICATE", "duplicates"),
)


def render(results: Sequence[Parity]) -> str:
    """A table with a line per feature, and below it what a number alone does not say."""
    width = max(len(parity.name) for parity in results)
    lines = [
        " ".join([" " * (width + 2), *(f"{title:>10}" for title, _ in _COLUMNS), "  LARGEST ERROR"])
    ]
    for parity in results:
        numbers = (f"{getattr(parity, name):>10,}" for _, name in _COLUMNS)
        error = f"{parity.largest_relative_error:>15.1e}"
        lines.append(" ".join([f"{parity.outcome.sign} {parity.name:<{width}}", *numbers, error]))
    for parity in results:
        lines += (f"  {parity.name}: {text}" for text in _remarks(parity))
    return "\n".join(lines)


def _remarks(parity: Parity) -> list[str]:
    remarks = []
    if parity.reasons:
        judged = "not judged" if parity.outcome is Outcome.NOT_JUDGED else "besides"
        remarks.append(f"{judged}: {'; '.join(parity.reasons)}.")
    if parity.late:
        dropped = counted(parity.late, "transaction")
        was = "was" if parity.late == 1 else "were"
        remarks.append(f"{dropped} {was} dropped as late: {parity.late_reason}.")
    if parity.before_history:
        remarks.append(
            f"{counted(parity.before_history, 'row')} older than what the topics still hold, "
            "and not judged."
        )
    if parity.bad:
        remarks.append(f"{counted(parity.bad, 'invalid record')} in the topic of transactions.")
    for example in parity.examples:
        remarks.append(f"{example.kind}: {_values(example.identity)}")
        if example.expected is not None:
            remarks.append(f"    expected {_values(example.expected)}")
        if example.found is not None:
            remarks.append(f"    found    {_values(example.found)}")
    return remarks


def _values(values: dict[str, object]) -> str:
    """Names and values; what comes from a topic may hold anything."""
    listed = ", ".join(f"{name} {value}" for name, value in values.items())
    return sanitised(listed) or "the whole row"
