"""Files of a stream in Protobuf, as records that Flink reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import KafkaSettings
from pipeline.files.target import Target
from pipeline.formats.decoder import Decoder
from pipeline.formats.decoders import decoder_of
from pipeline.formats.protobuf.encoder import ProtobufEncoder
from pipeline.kafka.quarantine import validate_rows
from pipeline.kafka.readable import Readable
from pipeline.kafka.records import Record
from pipeline.kafka.tail import json_object
from pipeline.simulator.encoders import encoder_of
from pipeline.sources import Source
from pipeline.text.sanitise import json_line
from tests.replayed import NOW, Read, file_of, read
from tests.streams.protobuf_sources import logins, payments

KAFKA = KafkaSettings()
HEAD = (
    "booked_at,account,amount,channel,chargeback,fee,first_card,issued,items,serial,installments,"
    "score,change,second_tag,branch,tip\n"
)
FULL = (
    "2024-03-01 09:00:00.123,DE1,2.5,SHOP,yes,0,4111,1969-12-31 23:59:59.5,-1,-7,3,0.25,-9,b,4,0\n"
)


def sent(folder: Path, text: str, of: Source = payments, name: str = "a.csv") -> Read:
    return read(file_of(folder, text, name), target=Target.of(of, encoder_of(of, KAFKA)))


def records(found: Read, of: Source = payments) -> list[Record]:
    arrived = int(NOW.replace(tzinfo=UTC).timestamp() * 1_000)
    return [Record(of.topic, 0, n, arrived, *each) for n, each in enumerate(found.records)]


def rows(found: Read, of: Source = payments) -> list[dict[str, Any]]:
    """The rows that Flink makes of the records, all of which are valid."""
    good, bad = validate_rows(records(found, of), decoder_of(of, KAFKA))
    assert not bad, bad
    return [{name: getattr(row, name) for name in of.columns} for _, row in good]


def test_every_type_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = sent(tmp_path, HEAD + FULL)
    assert [key for key, _ in found.records] == [b"DE1"]
    assert rows(found) == [
        {
            "booked_at": datetime(2024, 3, 1, 9, 0, 0, 123_000), "account": "DE1", "amount": 2.5,
            "channel": "SHOP", "chargeback": True, "fee": 0, "first_card": "4111",
            "issued": datetime(1969, 12, 31, 23, 59, 59, 500_000), "items": -1, "serial": -7,
            "installments": 3, "score": 0.25, "change": -9, "second_tag": "b", "branch": 4,
            "tip": 0,
        }
    ]  # fmt: skip


def test_null_is_nothing_which_is_a_default_or_no_message(tmp_path: Path) -> None:
    (row,) = rows(sent(tmp_path, f"{HEAD}2024-03-01 09:00:00,DE1{',' * 14}\n"))
    assert {name for name, value in row.items() if value is None} == {
        *("fee", "first_card", "issued", "second_tag", "tip"),
    }
    assert (row["amount"], row["channel"], row["serial"]) == (0.0, "UNKNOWN", 0)


def test_a_text_that_its_enum_lacks_is_left_out(tmp_path: Path) -> None:
    found = sent(tmp_path, HEAD + FULL + FULL.replace("SHOP", "WEB"))
    assert found.reasons == ["line 3: channel is none of UNKNOWN, APP, SHOP: 'WEB'"]
    assert len(rows(found)) == 1


def test_times_as_numbers(tmp_path: Path) -> None:
    found = sent(tmp_path, "at_ms,user\n2024-03-01 09:00:00.123,me\n", logins)
    assert rows(found, logins) == [
        {"at_ms": datetime(2024, 3, 1, 9, 0, 0, 123_000), "user": "me"},
    ]


def test_what_tail_prints_is_such_a_file(tmp_path: Path) -> None:
    first = sent(tmp_path, HEAD + FULL.replace("-1,-7", "1,7"))
    shown = Readable(KAFKA, [payments]).all(records(first))
    text = "".join(f"{json_line(json_object(record))}\n" for record in shown)
    assert json.loads(text)["value"]["fee"] == {"cents": 0, "currency": ""}
    again = sent(tmp_path, text, name="tailed.jsonl")
    assert rows(again) == rows(first)


@cache
def _both() -> tuple[ProtobufEncoder, Decoder]:
    return ProtobufEncoder(payments), decoder_of(payments, KAFKA)


@settings(deadline=None)
@given(
    st.text(max_size=20),
    st.sampled_from(["UNKNOWN", "APP", "SHOP"]),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 253_402_300_799_999),
)
def test_whatever_a_column_holds_is_read_again(
    text: str, channel: str, items: int, number: int, time: int
) -> None:
    columns = {"booked_at": time, "account": text, "channel": channel, "items": items}
    columns |= {"serial": number, "change": number, "fee": number, "second_tag": text}
    encoder, decoder = _both()
    row = decoder.usual(encoder.encode(dict.fromkeys(payments.columns) | columns))
    assert (row.account, row.channel, row.items, row.second_tag) == (text, channel, items, text)
    assert row.serial == row.change == row.fee == number
    assert row.booked_at == datetime(1970, 1, 1) + timedelta(milliseconds=time)
