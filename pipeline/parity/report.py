"""What `verify` says about one feature, for people and for scripts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.findings import Findings, Kind, Mismatch, Timeliness
from pipeline.proof import Outcome, Proof
from pipeline.sources import Source
from pipeline.sources.masking import Mask
from pipeline.text.sanitise import sanitised
from pipeline.text.words import counted


@dataclass(frozen=True, slots=True)
class Parity:
    """The result of comparing a live feature with its expression evaluated in batch.

    Attributes:
        name: The feature.
        transactions: Transactions evaluated.
        expected: Rows that can be checked.
        equal: Expected rows found in the sink with equal measures.
        waiting: Expected rows that wait for the watermark.
        late: Transactions that Flink dropped because they arrived after the watermark.
        late_reason: Why they were late.
        missing: Rows that should be in the sink and are not.
        different: Rows in the sink with wrong measures, or that are not expected.
        duplicates: Rows delivered more than once.
        before_history: Rows that cannot be checked because their inputs are gone from the topic.
        bad: Invalid records of the transaction topic.
        unread: Transactions that the job has not read.
        undecided: Rows that are right or wrong depending on an unknown order of arrival.
        ties: Undecided rows that depend on the order of transactions with equal times.
        held: Undecided rows that the job may still hold, since it has no watermark.
        stopped: Whether the job does not run.
        compacted: Topics from which compaction has removed records.
        largest_relative_error: Between the measures of equal rows.
        mismatches: Some of the rows that are not the same, the wrong ones first.
        recreated: Topics that were deleted and created again, while state or rows are left that are
            of the old ones.
        timeliness: How long after a transaction its value was there; None if that is not known.
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
    mismatches: tuple[Mismatch, ...] = ()
    timeliness: Timeliness | None = None
    recreated: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Whether the feature is right, wrong, or cannot be judged."""
        if self._wrong and not (self.compacted or self.recreated):
            return Outcome.WRONG
        return Outcome.NOT_JUDGED if self.reasons else Outcome.PROVED

    @property
    def _wrong(self) -> bool:
        return bool(self.missing or self.different)

    @property
    def proved(self) -> bool:
        """Whether every final row is right, and there is at least one."""
        return self.outcome is Outcome.PROVED

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the feature cannot be judged although no mismatch was found."""
        return tuple(self._reasons())

    def as_proof(self, *, at: float, run: str) -> Proof:
        """Return what is kept of it.

        Args:
            at: When the comparison ended, in seconds since the epoch.
            run: The run of the job that was compared.
        """
        return Proof(
            outcome=self.outcome,
            rows=self.equal,
            wrong=self.missing + self.different,
            reasons=self.reasons,
            at=at,
            run=run,
            waiting=self.waiting,
        )

    def as_findings(self, proof: Proof, source: Source, hidden: Collection[str]) -> Findings:
        """Return the rows that are kept beside a proof.

        Args:
            proof: The proof.
            source: The source of the feature.
            hidden: The source's columns that are not shown.
        """
        counts = {
            Kind.DIFFERENT: self.different,
            Kind.MISSING: self.missing,
            Kind.LATE: self.late,
            Kind.UNDECIDED: self.undecided,
            Kind.DUPLICATE: self.duplicates,
            Kind.WAITING: self.waiting,
        }
        counts = {kind: count for kind, count in counts.items() if count}
        return Findings(
            at=proof.at,
            source=source.topic,
            time=source.time,
            user=None if source.user in hidden else source.user,
            run=proof.run,
            counts=counts,
            rows=self.mismatches,
            timeliness=self.timeliness,
        )

    def _reasons(self) -> Iterator[str]:
        if self.compacted:
            names = " and ".join(self.compacted)
            yield f"Kafka compacts {names}, and records are gone"
        if self.recreated and self._wrong:
            names = " and ".join(self.recreated)
            was = "was" if len(self.recreated) == 1 else "were"
            yield (
                f"{names} {was} deleted and created again, but state or rows of before are left; "
                f"to begin again, `fraudwatch stop {self.name} --discard`, delete its topic, and "
                f"`fraudwatch start {self.name}`"
            )
        if self.stopped:
            yield "the job does not run" + (
                f"; {counted(self.unread, 'transaction')} wait for it" if self.unread else ""
            )
        elif self.unread:
            yield f"the job lags: {counted(self.unread, 'transaction')} not read yet"
        if self.held:
            yield (
                f"{counted(self.held, 'row')} may still be in the job, which has had no watermark "
                "since its restart"
            )
        if self.ties:
            depend = "depends" if self.ties == 1 else "depend"
            yield (
                f"{counted(self.ties, 'row')} {depend} on the order of a user's transactions with "
                "equal times, which is undefined"
            )
        if more := self.undecided - self.ties - self.held:
            yield (
                f"whether the transactions of {counted(more, 'row')} were late depends on the "
                "order in which Flink read the partitions, which is not recorded"
            )
        if not self.equal:
            yield "no result is final yet" if self.waiting else "there is no result to verify"


_EXAMPLES = 5
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


def render(results: Sequence[Parity], *, examples: bool = True) -> str:
    """Format one line per feature, followed by remarks.

    Args:
        results: The results.
        examples: Whether the remarks have some of the wrong rows.
    """
    width = max(len(parity.name) for parity in results)
    lines = [
        " ".join(
            [" " * (width + 2), *(f"{title:>10}" for title, _ in _COLUMNS), f"{'ROUNDING':>10}"]
        )
    ]
    for parity in results:
        numbers = (f"{getattr(parity, name):>10,}" for _, name in _COLUMNS)
        error = f"{parity.largest_relative_error:>10.1e}"
        lines.append(" ".join([f"{parity.outcome.sign} {parity.name:<{width}}", *numbers, error]))
    for parity in results:
        lines += (f"  {parity.name}: {text}" for text in _remarks(parity, examples))
    return "\n".join(lines)


def _remarks(parity: Parity, examples: bool) -> list[str]:
    remarks = []
    if parity.reasons:
        heading = "not judged" if parity.outcome is Outcome.NOT_JUDGED else "besides"
        remarks.append(f"{heading}: {'; '.join(parity.reasons)}.")
    if parity.late:
        dropped = counted(parity.late, "transaction")
        was = "was" if parity.late == 1 else "were"
        remarks.append(f"{dropped} {was} dropped as late: {parity.late_reason}.")
    if parity.before_history:
        remarks.append(
            f"{counted(parity.before_history, 'row')} older than the records that the topics "
            "still hold; not judged."
        )
    if parity.bad:
        remarks.append(f"{counted(parity.bad, 'invalid record')} in the transaction topic.")
    wrong = [each for each in parity.mismatches if each.kind.wrong and examples]
    for each in wrong[:_EXAMPLES]:
        remarks += _compared(each)
    if len(wrong) > _EXAMPLES:
        remarks.append("More of them, and what they are computed from: --json.")
    return remarks


def render_rows(parity: Parity) -> str:
    """Format the mismatches of a result in full, with the records that they are computed from."""
    lines = []
    for each in parity.mismatches:
        lines += [*_compared(each), f"    {each.reason}"]
        shown = f", the newest {len(each.inputs)}" if len(each.inputs) < each.inputs_total else ""
        of = f"computed from {counted(each.inputs_total, 'record')}{shown}:"
        lines.append(f"    {of if each.inputs_total else 'there is no record of it'}")
        for record in each.inputs:
            late = f"  late by {record.late_seconds:,.1f} s" if record.late_seconds else ""
            lines.append(f"    {record.place:>12}  {_values(record.values)}{late}")
    return "\n".join(lines)


def _compared(each: Mismatch) -> Iterator[str]:
    yield f"{each.kind}: {_values(each.identity)}"
    if each.expected is not None:
        yield f"    expected {_values(each.expected)}"
    if each.found is not None:
        yield f"    found    {_values(each.found)}"
    for name, error in each.errors.items():
        yield f"    {sanitised(name)} is off by {error:.1e} of its size"


def as_shown(parity: Parity, mask: Mask, source: Mask) -> Parity:
    """Return a result as it is shown, with dots for what is hidden.

    Args:
        parity: The result.
        mask: What is hidden in the feature's topic.
        source: What is hidden in the topics that it reads.
    """
    return replace(
        parity, mismatches=tuple(each.as_shown(mask, source) for each in parity.mismatches)
    )


def _values(values: Mapping[str, object]) -> str:
    """Format names and values, which may be any text from a topic."""
    listed = ", ".join(f"{name} {value}" for name, value in values.items())
    return sanitised(listed) or "the whole row"
