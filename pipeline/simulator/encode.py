"""Encodes transactions and labels as the records of their topics."""

from __future__ import annotations

import msgspec

from pipeline.contract import Transaction

from .held_labels import HeldLabel


class _Wire(msgspec.Struct):
    """The fields in the order of the data contract, with the time as text."""

    trans_date_trans_time: str
    cc_num: int
    merchant: str
    category: str
    amt: float
    first: str
    last: str
    zipcode: str
    dob: str
    trans_num: str
    is_fraud: int
    user_id: int


class _WireLabel(msgspec.Struct):
    """A label with its time as text."""

    trans_num: str
    user_id: int
    is_fraud: int
    labelled_at: str


def key(row: Transaction | HeldLabel) -> bytes:
    """Return the Kafka key: the user's id as decimal text."""
    return b"%d" % row.user_id


def value(transaction: Transaction) -> bytes:
    """Return the Kafka value: one JSON object.

    The time is formatted here: msgspec would write it with a `T`, and Flink's JSON format in its
    SQL mode reads only a space.
    """
    t = transaction
    return msgspec.json.encode(
        _Wire(
            t.trans_date_trans_time.isoformat(" ", "seconds"),
            t.cc_num,
            t.merchant,
            t.category,
            t.amt,
            t.first,
            t.last,
            t.zipcode,
            t.dob,
            t.trans_num,
            t.is_fraud,
            t.user_id,
        )
    )


def label_value(label: HeldLabel) -> bytes:
    """Return the Kafka value of a label: one JSON object, its time as in a transaction."""
    at = label.labelled_at.isoformat(" ", "seconds")
    return msgspec.json.encode(_WireLabel(label.trans_num, label.user_id, label.is_fraud, at))
