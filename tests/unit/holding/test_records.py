"""The records of a row: chosen by its groups and its time, with stand-ins for what is sensitive."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import ibis
import pytest

from pipeline import features
from pipeline.config import KafkaSettings
from pipeline.errors import InputError
from pipeline.features import Feature, feature
from pipeline.holding import records as module
from pipeline.holding.records import on_duckdb, records_of, written
from pipeline.kafka.records import Record
from pipeline.sources import source
from tests.streams import nested_sources

ROLLING, TUMBLING, FLAGGED = features.BUILT_IN[:3]
KAFKA = KafkaSettings(bootstrap="kafka:9092")
START = datetime(2024, 3, 1)


def record(minute: int, user: int = 7, **more: Any) -> str:
    at = START + timedelta(minutes=minute)
    return json.dumps(
        {
            "trans_date_trans_time": at.isoformat(" "), "cc_num": 4_000 + user, "merchant": "m",
            "category": "gas", "amt": 10.0 + minute, "first": f"Jo{user}", "last": "Fox",
            "zipcode": "z", "dob": "1980-01-01", "trans_num": str(minute), "is_fraud": 0,
            "user_id": user,
        }
        | more
    )  # fmt: skip


Holds = Callable[..., None]


@pytest.fixture
def holds(monkeypatch: pytest.MonkeyPatch) -> Holds:
    """Makes the topic hold these values, in two batches."""

    def make(*values: str | None) -> None:
        raw = [
            Record(
                "transaction", 0, number, number, None, None if value is None else value.encode()
            )
            for number, value in enumerate(values)
        ]

        def read_to_end(*_: object) -> Iterator[list[Record]]:
            yield raw[:2]
            yield raw[2:]

        monkeypatch.setattr(module, "read_to_end", read_to_end)

    return make


def chosen(feature: Feature, **row: str) -> list[dict[str, Any]]:
    found = records_of(feature, KAFKA, row, lambda _: None)
    return [json.loads(value) for value in found]


def test_those_of_the_user_in_the_order_of_time(holds: Holds) -> None:
    holds(record(20), record(5, user=8), "no json", None, record(10), record(30))
    assert [each["trans_num"] for each in chosen(ROLLING, user_id="7")] == ["10", "20", "30"]
    assert [each["trans_num"] for each in chosen(ROLLING, user_id="8")] == ["5"]


def test_with_a_time_only_what_the_row_reaches_back_to(holds: Holds) -> None:
    holds(record(0), record(10), record(370), record(380))
    row = {"user_id": "7", "trans_date_trans_time": "2024-03-01 06:10:00"}
    assert [each["trans_num"] for each in chosen(ROLLING, **row)] == ["10", "370"]
    window = {"user_id": "7", "window_end": "2024-03-01 06:00:00"}
    assert [each["trans_num"] for each in chosen(TUMBLING, **window)] == ["0", "10"]


def test_values_are_those_of_their_columns_not_their_texts(holds: Holds) -> None:
    holds(record(0), record(10), record(370))
    for time in ("2024-03-01 06:10", "2024-03-01T07:10:00+01:00"):
        row = {"user_id": "+007", "trans_date_trans_time": time}
        assert [each["trans_num"] for each in chosen(ROLLING, **row)] == ["10", "370"]


def test_a_row_is_named_by_its_time_alone_or_by_a_value_of_its_own_record(holds: Holds) -> None:
    holds(record(0), record(10), record(20, user=8), record(30), record(500))

    def seconds(transaction: Any) -> Any:
        return transaction.select(
            "user_id", "trans_num", "trans_date_trans_time",
            n=transaction.count().over(
                ibis.range_window(
                    group_by=transaction.user_id, order_by=transaction.trans_date_trans_time,
                    preceding=ibis.interval(minutes=25), following=0,
                )
            ),
        )  # fmt: skip

    named = Feature("named", "named_rows", seconds)
    assert [each["trans_num"] for each in chosen(named, trans_num="30")] == ["10", "30"]
    assert [each["trans_num"] for each in chosen(named, trans_num="20")] == ["20"]
    at_ten = chosen(ROLLING, trans_date_trans_time="2024-03-01 00:10:00")
    assert [each["trans_num"] for each in at_ten] == ["0", "10"]
    window = {"user_id": "7", "window_start": "2024-03-01 06:00:00"}
    assert [each["trans_num"] for each in chosen(TUMBLING, **window)] == ["500"]


def test_without_a_window_only_the_record_itself_belongs_to_a_row(holds: Holds) -> None:
    holds(record(0, is_fraud=1), record(10, is_fraud=1), record(20))
    assert [each["trans_num"] for each in chosen(FLAGGED, trans_num="10")] == ["10"]
    assert [each["trans_num"] for each in chosen(FLAGGED, user_id="7")] == ["0", "10", "20"]


def test_what_is_sensitive_has_stand_ins_and_equal_values_stay_equal(holds: Holds) -> None:
    holds(record(0, cc_num=1_234_567_890), record(1, cc_num=5), record(2, cc_num=1_234_567_890))
    found = chosen(ROLLING, user_id="7")
    assert [each["cc_num"] for each in found] == [1, 2, 1]
    assert {each["first"] for each in found} == {"first-1"}
    assert "1234567890" not in json.dumps(found) and "Jo7" not in json.dumps(found)
    assert [each["amt"] for each in found] == [10.0, 11.0, 12.0], "others stay as they are"


def test_stand_ins_are_wherever_a_field_is_called_so_and_other_numbers_keep_their_digits(
    holds: Holds,
) -> None:
    def order(card: str) -> str:
        return (
            '{"meta":{"placedAt":"2024-03-01T09:00:00Z"},"customer":{"id":"c-7"},'
            f'"payment":{{"total":12345678.10,"card-number":{card}}},"more":1234567890.123456789,'
            f'"before":[{{"card-number":{card}}}]}}'
        )

    holds(order('"4111 1111"'), order("null"), order('"4111 1111"'), order("4222"))
    found = records_of(nested_sources.orders_as_read, KAFKA, {"customer": "c-7"}, lambda _: None)
    assert found == [order('"card_number-1"'), order("null"), order('"card_number-1"'), order("2")]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "It is not said which rows of rolling"),
        ({"user_id": "99"}, "No record of transaction belongs to such a row"),
        ({"user_id": "no number"}, "'no number' is no value of user_id, which is of type int64"),
        ({"user_id": "7.2"}, "'7.2' is no value of user_id"),
        ({"merchant": "m"}, "merchant is no column that identifies the rows of rolling"),
        (
            {"user_id": "7", "trans_date_trans_time": "noon"},
            "'noon' is no value of trans_date_trans_time, which is of type timestamp",
        ),
        ({"user_id": "7", "trans_date_trans_time": "0001-01-01"}, "No record of transaction"),
        ({"user_id": "7", "trans_date_trans_time": "9999-12-31"}, "No record of transaction"),
    ],
)
def test_a_row_that_is_not_named_well_is_a_sentence(
    holds: Holds, row: dict[str, str], said: str
) -> None:
    holds(record(0))
    with pytest.raises(InputError, match=said):
        chosen(ROLLING, **row)


def test_too_many_are_refused(holds: Holds) -> None:
    holds(*(record(minute) for minute in range(module.MOST + 1)))
    with pytest.raises(InputError, match=r"1,001 records belong to such rows, and at most 1,000"):
        chosen(ROLLING, user_id="7")


def test_only_json_can_be_held() -> None:
    schema = {"at": "timestamp(3)", "card": "int64"}
    cards = source(topic="cards", schema=schema, time="at", user="card", format="avro")

    @feature(topic="of_cards", source=cards)
    def everything(rows: Any) -> Any:
        return rows.select(*rows.columns)

    with pytest.raises(InputError, match="Records of cards are in avro; only JSON can be held"):
        chosen(everything, card="7")


def test_duckdb_computes_rows_as_json_has_them() -> None:
    first, second = on_duckdb(ROLLING, [record(0), record(10)])
    assert first == {
        "user_id": 7,
        "user_mean_trans_amt_last_360min": 10.0,
        "user_trans_count_last_360min": 1,
        "trans_date_trans_time": "2024-03-01 00:00:00",
    }
    assert second["user_mean_trans_amt_last_360min"] == 15.0
    with pytest.raises(InputError, match="not as transaction is declared"):
        on_duckdb(ROLLING, ["{}", "no json"])


@pytest.mark.parametrize(
    ("time_format", "value"),
    [
        ("sql", "2024-03-01 00:00:00.250"),
        ("iso", "2024-03-01T00:00:00.250"),
        ("epoch-s", 1_709_251_200),
        ("epoch-ms", 1_709_251_200_250),
    ],
)
def test_times_are_written_as_the_source_has_them(time_format: str, value: str | int) -> None:
    schema = {"at": "timestamp(3)", "card": "int64"}
    cards = source(topic="cards", schema=schema, time="at", user="card", time_format=time_format)
    assert written(cards, START + timedelta(milliseconds=250)) == value
