"""Invalid records have a kind, and its words agree with the expression that rejects them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import ibis
import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import contract
from pipeline.contract import Transaction
from pipeline.features.validity import ARRIVED, is_valid
from pipeline.formats.kinds import Kind
from pipeline.kafka.quarantine import validate
from pipeline.kafka.records import Record
from pipeline.simulator import encode
from pipeline.sources import TRANSACTION
from tests.snapshot.sample_rows import transaction
from tests.streams.poison import oddities, poisons

ARRIVAL = datetime(2024, 5, 1, 12)
EPOCH = datetime(1970, 1, 1)
GOOD = transaction(0)


def record(value: bytes | None, arrived: datetime = ARRIVAL) -> Record:
    ms = (arrived - EPOCH) // timedelta(milliseconds=1)
    return Record(contract.TRANSACTION_TOPIC, 2, 7, ms, b"1", value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [pytest.param(value, kind, id=name) for name, value, kind in poisons(GOOD)],
)
def test_poison_is_reported_by_kind(value: bytes | None, kind: Kind) -> None:
    good, (bad,) = validate([record(value)])
    assert not good
    assert bad.kind is kind, bad.reason
    assert 0 < len(bad.reason) < 300
    assert bad.record.offset == 7


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in oddities(GOOD)])
def test_oddities_are_transactions(value: bytes) -> None:
    ((_, row),), bad = validate([record(value)])
    assert not bad
    assert row.user_id == GOOD.user_id


def test_every_kind_is_in_the_suite() -> None:
    # Those that depend on the timestamp are tested below; those of other formats in test_avro.py,
    # test_csv.py and test_plain_protobuf.py.
    assert {kind for _, _, kind in poisons(GOOD)} == set(Kind) - {
        Kind.TIMESTAMP,
        Kind.NOT_CSV,
        Kind.NOT_AVRO,
        Kind.NOT_PROTOBUF,
        Kind.UNREADABLE,
    }


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (-1, "no Kafka timestamp"),
        (0, "no Kafka timestamp"),
        (1_714_564_800, "is 1970-01-20 20:16, as if its producer sent seconds (1,714,564,800)"),
    ],
)
def test_an_odd_timestamp_of_kafka_is_blamed_and_not_the_time(
    milliseconds: int, words: str
) -> None:
    value = encode.value(GOOD)
    _, (bad,) = validate([Record(contract.TRANSACTION_TOPIC, 2, 7, milliseconds, b"1", value)])
    assert bad.kind is Kind.TIMESTAMP
    assert words in bad.reason


def test_good_ones_among_bad_ones_stay_in_order() -> None:
    rows = [transaction(number) for number in range(5)]
    mixed: list[Record] = []
    for row in rows:
        mixed += [record(encode.value(row)), record(b"{")]
    good, bad = validate(mixed)
    assert [row for _, row in good] == rows
    assert len(bad) == 5


@given(
    st.builds(
        Transaction,
        trans_date_trans_time=st.datetimes() | st.just(contract.EARLIEST),
        cc_num=st.integers(-(2**63), 2**63 - 1),
        merchant=st.text(max_size=3),
        category=st.text(max_size=3),
        amt=st.floats() | st.sampled_from([1e9, -1e9, math.nextafter(1e9, 2e9)]),
        first=st.sampled_from(["", "x" * 1_000, "x" * 1_001]),
        last=st.text(max_size=3),
        zipcode=st.just("1"),
        dob=st.just("1"),
        trans_num=st.just("1"),
        is_fraud=st.integers(-1, 2),
        user_id=st.integers(-(2**63), 2**63 - 1),
    ),
    st.timedeltas(timedelta(days=-3), timedelta(days=3)) | st.just(timedelta(days=-1)),
)
def test_words_and_expression_agree(row: Transaction, later: timedelta) -> None:
    time = row.trans_date_trans_time.replace(microsecond=0)
    row = msgspec.structs.replace(row, trans_date_trans_time=time)
    try:
        arrived = (time + later).replace(microsecond=0)
    except OverflowError:
        return
    columns: dict[str, Any] = {name: [value] for name, value in msgspec.structs.asdict(row).items()}
    columns[ARRIVED] = [arrived]
    fields = [(n, pa.timestamp("us") if n == contract.TIME_COLUMN else None) for n in columns]
    table = pa.table({n: pa.array(columns[n], kind) for n, kind in fields})
    expected = _CONNECTION.to_pyarrow(is_valid(ibis.memtable(table), TRANSACTION))[0].as_py()
    value = msgspec.json.encode(
        msgspec.structs.asdict(row)
        | {
            contract.TIME_COLUMN: f"{time:%Y-%m-%d %H:%M:%S}".rjust(19, "0"),
            # JSON has no literals for these; Flink reads them in quotes.
            "amt": row.amt if math.isfinite(row.amt) else _IN_WORDS[str(row.amt)],
        }
    )
    good, bad = validate([record(value, arrived)])
    assert bool(good) is expected, bad


_IN_WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_CONNECTION = ibis.duckdb.connect()
