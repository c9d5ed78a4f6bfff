"""What `verify` says about one feature, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from pipeline.sanitise import sanitised
from pipeline.words import counted

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
        bad: Records of the transaction topic that are no transactions.
        unread: Transactions that the job has not read.
        largest_relative_error: Between the numbers of equal rows.
        note: What else one should know, such as that the job does not run.
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
    largest_relative_error: float
    note: str
    examples: tuple[Difference, ...]

    @property
    def proved(self) -> bool:
        """Whether nothing is missing or different."""
        return self.missing == 0 and self.different == 0


_COLUMNS = (
    ("EXPECTED", "expected"),
    ("EQUAL", "equal"),
    ("WAITING", "waiting"),
    ("LATE", "late"),
    ("MISSING", "missing"),
    ("DIFFERENT", "different"),
    ("DUPLICATE", "duplicates"),
)


def render(reports: Sequence[Parity]) -> str:
    """A table with a line per feature, and below it what a number alone does not say."""
    width = max(len(report.name) for report in reports)
    lines = [
        " ".join([" " * (width + 2), *(f"{title:>11}" for title, _ in _COLUMNS), "  LARGEST ERROR"])
    ]
    for report in reports:
        mark = "✓" if report.proved else "✗"
        numbers = (f"{getattr(report, name):>11,}" for _, name in _COLUMNS)
        error = f"{report.largest_relative_error:>15.1e}"
        lines.append(" ".join([f"{mark} {report.name:<{width}}", *numbers, error]))
    for report in reports:
        lines += (f"  {report.name}: {text}" for text in _remarks(report))
    return "\n".join(lines)


def _remarks(report: Parity) -> list[str]:
    remarks = [report.note] if report.note else []
    if report.late:
        remarks.append(
            f"{counted(report.late, 'transaction')} dropped as late: {report.late_reason}."
        )
    if report.before_history:
        remarks.append(
            f"{counted(report.before_history, 'row')} not judged, since the topics no longer hold "
            "what went into them."
        )
    if report.bad:
        remarks.append(
            f"{counted(report.bad, 'invalid record')} in the topic, which no feature sees."
        )
    for example in report.examples:
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
