"""What is known of a record: by its own label, by labels that come later, and by verdicts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.config import LabelSettings
from pipeline.kafka.records import Record
from pipeline.labels.known import UNKNOWN, KnownLabels
from pipeline.labels.label import LaterLabel, labels_in
from pipeline.labels.verdict import Decision, Verdict, encoded, verdicts_in

NOW = 1_767_600_240.0
"""When the verdicts here are given: 2026-01-05 08:04."""


def verdict(decision: Decision, by: str = "ann", identity: str = "t1", **more: Any) -> Verdict:
    """What one analyst decides on one transaction."""
    more.setdefault("at", "2026-01-05T08:04:00Z")
    return Verdict(
        identity=identity,
        source="transaction",
        signal="rules",
        decision=decision,
        by=by,
        **more,
    )


def record(value: bytes | None) -> Record:
    return Record("labels", 0, 0, 0, None, value)


def test_labels_are_read_by_the_fields_of_the_profile() -> None:
    values = (
        b'{"trans_num": "t1", "is_fraud": 1}',
        b'{"trans_num": 7, "is_fraud": "no"}',
        b'{"trans_num": "t2", "is_fraud": null}',
        *(b'{"trans_num": null, "is_fraud": 1}', b'{"is_fraud": 1}', b"[]", b"x", b"", None),
    )
    found = list(labels_in(map(record, values), LabelSettings()))
    assert found == [LaterLabel("t1", True), LaterLabel("7", False), LaterLabel("t2", None)]
    other = LabelSettings(identity="id", label="chargeback")
    assert list(labels_in([record(b'{"id": "p", "chargeback": true}')], other)) == [
        LaterLabel("p", True)
    ]


def test_a_verdict_is_read_as_it_was_written() -> None:
    made = verdict(Decision.FRAUD, user="7", score=0.9, note="called the customer")
    key, value = encoded(made)
    assert key == b"t1"
    unknown = msgspec.json.encode({**msgspec.to_builtins(made), "decision": "perhaps"})
    assert list(verdicts_in(map(record, (value, unknown, b"{}", None)))) == [made]


@pytest.mark.parametrize("own", [True, False, None])
def test_a_label_counts_more_than_a_verdict_and_both_more_than_the_records_own(
    own: bool | None,
) -> None:
    known = KnownLabels(10)
    assert known.of("t1").fraud(own) is own
    known.apply([], [verdict(Decision.FRAUD)])
    assert known.of("t1").fraud(own) is True
    known.apply([LaterLabel("t1", False)], [verdict(Decision.FRAUD, "bob")])
    assert known.of("t1").fraud(own) is False
    # A label that is withdrawn leaves the verdict, and an undone verdict leaves the record's own.
    known.apply([LaterLabel("t1", None)], [])
    assert known.of("t1").fraud(own) is True
    known.apply([], [verdict(Decision.UNDONE)])
    assert known.of("t1").fraud(own) is own


def test_the_first_of_two_claims_counts_until_it_is_released_or_decided() -> None:
    known = KnownLabels(10)
    known.apply([], [verdict(Decision.CLAIMED, "ann"), verdict(Decision.CLAIMED, "bob")])
    assert known.of("t1").claimed_by(NOW) == "ann"
    known.apply([], [verdict(Decision.RELEASED, "bob")])
    assert known.of("t1").claimed_by(NOW) == "ann"
    known.apply([], [verdict(Decision.RELEASED, "ann"), verdict(Decision.CLAIMED, "bob")])
    assert known.of("t1").claimed_by(NOW) == "bob"
    known.apply([], [verdict(Decision.LEGITIMATE, "bob")])
    assert (known.of("t1").claimed_by(NOW), known.of("t1").fraud(None)) == ("", False)


def test_an_old_claim_counts_no_more() -> None:
    known = KnownLabels(10)
    known.apply([], [verdict(Decision.CLAIMED, "ann")])
    assert known.of("t1").claimed_by(NOW + 1_799) == "ann"
    assert known.of("t1").claimed_by(NOW + 1_800) == ""
    later = verdict(Decision.CLAIMED, "bob", at="2026-01-05T09:00:00Z")
    known.apply([], [later])
    assert known.of("t1").claimed_by(NOW + 3_600) == "bob"


def test_only_what_changes_is_named() -> None:
    known = KnownLabels(10)
    assert known.apply(
        [LaterLabel("t1", True), LaterLabel("t1", True), LaterLabel("t2", None)], []
    ) == {"t1"}
    assert known.apply([LaterLabel("t1", True)], []) == set()


def test_memory_is_bounded() -> None:
    known = KnownLabels(3)
    known.apply([LaterLabel(str(number), True) for number in range(5)], [])
    assert len(known) == 3
    assert (known.of("1"), known.of("2").label) == (UNKNOWN, True)
