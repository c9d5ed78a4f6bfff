"""`inspect` on topics in CSV."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from pipeline.errors import ConfigError, InputError
from pipeline.formats.kinds import Kind
from pipeline.inspection.inspected import Inspection
from pipeline.inspection.inspected import inspect as inspect_rows
from pipeline.inspection.looked_at import Rows
from pipeline.inspection.pasted import pasted
from pipeline.inspection.written import NOTHING, Told
from pipeline.kafka.records import Record
from pipeline.sources import Source, TimeFormat
from pipeline.sources.masking import Mask

START = datetime(2024, 3, 1, 9)


def records(lines: Sequence[str], keys: Sequence[str] = ()) -> list[Record]:
    return [
        Record(
            "payments",
            0,
            number,
            1_709_290_000_000,
            keys[number].encode() if keys else None,
            line.encode(),
        )
        for number, line in enumerate(lines)
    ]


def line(number: int, separator: str = ",") -> str:
    fields = (
        str(START + timedelta(seconds=number)),
        f"DE{number % 7}",
        f"{number / 4}",
        f"{number:05}",
        "" if number % 2 else '"a ""b"""',
        str(number % 2),
        "",
    )
    return separator.join(fields)


def inspect(lines: Sequence[str], told: Told = NOTHING, keys: Sequence[str] = ()) -> Inspection:
    return inspect_rows(Rows("payments", "payments", records(lines, keys)), told=told)


def declared(found: Inspection) -> Source:
    """The source that one gets who pastes what is printed."""
    names: dict[str, Any] = {}
    exec(pasted(found), names)
    (source,) = (each for each in names.values() if isinstance(each, Source))
    return source


TYPES = ["timestamp(3)", "string", "float64", "string", "string", "int64", "string"]


def test_fields_without_names_are_numbered_and_none_is_left_out() -> None:
    lines = [line(number) for number in range(50)]
    found = inspect(lines, keys=[f"DE{number % 7}" for number in range(50)])
    source = found.source
    assert declared(found) == source
    assert list(source.columns) == ["c1", "c2", "c3", "c4", "c5", "c6", "c7"]
    assert list(source.columns.values()) == TYPES
    assert (source.time, source.user, source.amount, source.label) == ("c1", "c2", "c3", "c6")
    assert (found.left_out, found.invalid) == ((), {})
    text = pasted(found)
    assert '    format="csv",' in text
    assert "# Its records do not name their fields: rename c1 and the others" in text
    assert '"c5": "string",  # 50.0% null' in text
    assert '"c7": "string",  # always null, 100.0% null' in text


def test_names_that_are_told() -> None:
    names = ("booked_at", "account", "amount", "card_number", "note", "is_fraud", "rest")
    found = inspect([line(number) for number in range(50)], Told(columns=names))
    source = declared(found)
    assert list(source.columns) == list(names)
    assert (source.user, source.amount, source.label) == ("account", "amount", "is_fraud")
    assert source.sensitive == ("card_number",)
    with pytest.raises(InputError, match="--columns has 2 names, but most records of payments"):
        inspect([line(number) for number in range(5)], Told(columns=("a", "b")))
    with pytest.raises(InputError, match="names a field twice"):
        inspect(["2024-03-01 09:00:00,1"], Told(columns=("a", "a")))


@pytest.mark.parametrize("separator", [";", "|", "\t"])
def test_a_header_and_another_separator(separator: str) -> None:
    header = separator.join(("booked at", "account", "amount", "code", "note", "chargeback", "x,y"))
    found = inspect([header, *(line(number, separator) for number in range(50))])
    source = declared(found)
    assert source == found.source
    assert source.separator == separator
    assert list(source.columns) == [
        *("booked_at", "account", "amount", "code", "note", "chargeback", "x_y"),
    ]
    assert list(source.columns.values()) == TYPES
    assert found.invalid == {Kind.WRONG_TYPE: 1}
    assert "those of the header in partition 0 at offset 0, which is invalid" in pasted(found)


@pytest.mark.parametrize(
    ("time", "time_format"),
    [
        ("2024-03-01T09:30:00Z", TimeFormat.ISO),
        ("1709285400", TimeFormat.EPOCH_S),
        ("1709285400250", TimeFormat.EPOCH_MS),
    ],
)
def test_how_times_are_written(time: str, time_format: TimeFormat) -> None:
    found = inspect([f"{time},{number}" for number in range(5)])
    assert (found.source.time, found.source.time_format) == ("c1", time_format)


def test_a_text_is_rather_the_time_than_a_number() -> None:
    found = inspect([f"{4_000_000_000_000_000 + n},2024-03-01 09:00:0{n}" for n in range(5)])
    assert (found.source.time, found.source.columns["c1"]) == ("c2", "int64")


def test_what_is_not_csv_is_invalid() -> None:
    lines = [line(number) for number in range(60)]
    lines[7] += ",more,than,that"
    lines[9] = "short"
    found = inspect(lines)
    assert found.invalid == {Kind.NOT_CSV: 1, Kind.WRONG_TYPE: 1}


@pytest.mark.parametrize(
    "value", ["[1, 2]", '"a, b"', "one field", "a,b\x00\x01", "{'python': 1, 'x': 2}"]
)
def test_what_is_no_csv_is_not_taken_for_one(value: str) -> None:
    with pytest.raises(InputError, match="None of 3 records of payments is a JSON object"):
        inspect([value] * 3)


def test_a_header_alone_says_nothing() -> None:
    with pytest.raises(InputError, match="No field of payments looks like a time"):
        inspect(["at,account", "at,account"])


def test_what_is_known_to_be_sensitive_is_hidden_under_other_names() -> None:
    """Nothing in a record says which of its fields is meant."""
    lines = ["2024-03-01 09:00:00,secret-1,5"] * 50 + ["2024-03-01 09:00:00,secret-2,secret-3"]
    looked_at = Rows("payments", "payments", records(lines))
    card = Mask(frozenset({"card"}))
    found = inspect_rows(looked_at, card)
    assert found.source.sensitive == ("c2", "c3")
    assert found.invalid and "secret" not in pasted(found)
    named = Told(columns=("at", "card", "n"))
    assert inspect_rows(looked_at, card, named).source.sensitive == ("card",)

    # Of another topic, nothing is known.
    other = Mask(frozenset({"card"}), declared=False)
    assert inspect_rows(looked_at, other).source.sensitive == ()


def test_names_are_for_csv() -> None:
    with pytest.raises(ConfigError, match=r"--columns names the fields of records in CSV"):
        inspect(['{"at": 1, "b": 2}'], Told(columns=("a", "b")))
    with pytest.raises(ConfigError, match=r"--message names a message of a \.proto file"):
        inspect(['{"at": 1, "b": 2}'], Told(message="x"))
