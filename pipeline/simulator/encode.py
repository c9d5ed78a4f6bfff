"""Encodes transactions as the records of the topic `transaction`."""

from __future__ import annotations

import msgspec

from pipeline.contract import Transaction


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


def key(transaction: Transaction) -> bytes:
    """Return the Kafka key: the user's id as decimal text."""
    return b"%d" % transaction.user_id


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
