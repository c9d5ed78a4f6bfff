"""CSV files as users have them, intact and damaged."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.contract import Transaction
from pipeline.errors import InputError
from pipeline.files.identity import user_id
from tests.replayed import HEADER, Read, csv_of, file_of, line, read


def read_bytes(folder: Path, data: bytes | str) -> Read:
    return read(file_of(folder, data))


def places(found: Read) -> list[str]:
    return [row.place for row in found.left_out]


def refused(folder: Path, data: bytes | str) -> str:
    with pytest.raises(InputError) as caught:
        read_bytes(folder, data)
    assert caught.value.hint
    return caught.value.message


def test_both_samples_hold_the_same_transactions(sample_data: Path) -> None:
    public = read(sample_data / "kaggle-layout-60-customers.csv.gz")
    transactions = public.transactions
    assert len(transactions) == 9318
    # One of the sixty customers after whom the files are named has no transactions.
    assert len({t.cc_num for t in transactions}) == len({t.user_id for t in transactions}) == 59
    assert sum(t.is_fraud for t in transactions) == 573
    generated = read(sample_data / "sparkov-60-customers.csv.gz")
    assert generated.records == public.records
    assert (public.left_out, generated.left_out) == ([], [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_row_becomes_a_transaction(tmp_path: Path, end: str) -> None:
    found = read_bytes(tmp_path, csv_of(line("a"), line("b"), end=end))
    assert found.numbers == ["a", "b"]
    assert found.transactions[0] == Transaction(
        trans_date_trans_time=datetime(2024, 1, 1, 0, 0, 18),
        cc_num=42,
        merchant="fraud_Koch",
        category="home",
        amt=1.5,
        first="A",
        last="B",
        zipcode="02150",
        dob="2000-01-01",
        trans_num="a",
        is_fraud=0,
        user_id=user_id(42),
    )


def test_mixed_line_ends_and_blank_lines_do_not_matter(tmp_path: Path) -> None:
    data = f"\n{HEADER}\r\n{line('a')}\n\n{line('b')}\r\n,,,,,,,,,,\r\n{line('x', amount='?')}\n"
    found = read_bytes(tmp_path, data)
    assert found.numbers == ["a", "b"]
    assert places(found) == ["line 7"]


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_any_delimiter_will_do(tmp_path: Path, delimiter: str) -> None:
    data = csv_of(line("a", merchant=f'"x{delimiter}""y"""')).decode().replace(",", delimiter)
    assert read_bytes(tmp_path, data).only.merchant == f'x{delimiter}"y"'


def test_excels_own_delimiter_and_decimal_commas(tmp_path: Path) -> None:
    amounts = ["1.234_56", "3_5", "12"]
    rows = csv_of(*(line(a, amount=a) for a in amounts)).decode().replace(",", ";")
    found = read_bytes(tmp_path, "sep=;\r\n" + rows.replace("_", ","))
    assert [t.amt for t in found.transactions] == [1234.56, 3.5, 12.0]
    assert "Amounts are read with decimal commas." in found.notes


def test_amounts_may_have_signs_and_thousands(tmp_path: Path) -> None:
    amounts = ["$1.50", "-$2", "$-3.5", '"1,234.50"', "€ 7", "1e3"]
    found = read_bytes(tmp_path, csv_of(*(line(n, amount=a) for n, a in enumerate(amounts))))
    assert [t.amt for t in found.transactions] == [1.5, -2.0, -3.5, 1234.5, 7.0, 1000.0]


def test_a_dialect_of_backslashes_behind_a_preamble(tmp_path: Path) -> None:
    rows = "\n".join(rf'2024-01-0{n} 10:00:00|"O\"Hara | {n}"|{n}.5|{n}' for n in range(1, 10))
    found = read(
        file_of(tmp_path, f"exported\n\nwhen|who|amount|user\n{rows}\n"),
        maps=("trans_date_trans_time=when", "merchant=who", "amt=amount", "user_id=user"),
    )
    assert [t.merchant for t in found.transactions] == [f'O"Hara | {n}' for n in range(1, 10)]


def test_the_files_own_user_wins_over_the_cards(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, f"{HEADER},user_id\n{line('a')},-312211619698468596\n")
    assert found.only.user_id == -312211619698468596


def test_a_cards_user_stays_the_same_forever() -> None:
    # The output of `printf 42 | b2sum -l 64`, read as a signed number.
    assert user_id(42) == 6319743179241711738
    assert user_id(30016877313221) == 8110128319388086326


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("1,2,3", "the number of fields is not that of the header"),
        (line("x") + ",more", "the number of fields is not that of the header"),
        (line("x", card="card"), "cc_num is not a whole number: ••••"),
        (line("x", card="1.5"), "cc_num is not a whole number: ••••"),
        (line("x", card="1_0"), "cc_num is not a whole number: ••••"),
        (line("x", card=str(2**63)), "cc_num is too large for 64 bits"),
        (line("x", card=str(-(2**63) - 1)), "cc_num is too large for 64 bits"),
        (line("x", card="9" * 10_000), "cc_num is too large for 64 bits"),
        (line("x", amount="dear"), "amt is not an amount: 'dear'"),
        (line("x", amount="nan"), "amt is not an amount"),
        (line("x", amount="-inf"), "amt is not an amount"),
        (line("x", amount="1e999"), "amt is not an amount"),
        (line("x", amount="1_000"), "amt is not an amount"),
        (
            line("x", time="yesterday"),
            "the time is not YYYY-MM-DD HH:MM:SS or similar: 'yesterday'",
        ),
        (line("x", time="2024-01-01"), "the time is not YYYY-MM-DD HH:MM:SS or similar"),
        (line("x", time="2024-02-30 00:00:00"), "the time is not YYYY-MM-DD HH:MM:SS or similar"),
        (line("x", time="2024-01-01 00:00:00+2"), "the time is not YYYY-MM-DD HH:MM:SS or similar"),
        (line("x", time="2024-13-01T00:00:00Z"), "the time is not YYYY-MM-DD HH:MM:SS or similar"),
        (line("x", time="1970-01-01 01:00:00+02:00"), "the time is before 1970"),
        (line("x", time=""), "the time is missing"),
        (line("x", fraud="2"), "is_fraud is not 0 or 1: '2'"),
        (line("x", fraud=""), "is_fraud is not 0 or 1"),
        (line("x", merchant='"a"b"c"'), "a quote or line end is misplaced"),
        (line("x", merchant="a\rb"), "a quote or line end is misplaced"),
        (line("x", merchant="a\0b"), "a quote or line end is misplaced"),
        (line("x", merchant="x" * 1_000_001), "the line is longer than a megabyte"),
    ],
)
def test_a_malformed_row_is_named_and_left_out(tmp_path: Path, bad: str, reason: str) -> None:
    found = read_bytes(tmp_path, csv_of(line("a"), bad, line("b")))
    assert found.numbers == ["a", "b"]
    (said,) = found.reasons
    assert said.startswith(f"line 3: {reason}")


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        ("2024-01-01T12:30:45Z", "2024-01-01 12:30:45"),
        ("2024-01-01T12:30:45.999Z", "2024-01-01 12:30:45"),
        ("2024-01-01 12:30:45+02:00", "2024-01-01 10:30:45"),
        ("2024-01-01 12:30:45.5-0530", "2024-01-01 18:00:45"),
        ("2024-01-01 00:30:45 +01", "2023-12-31 23:30:45"),
        ("2024-01-01 12:30:45 UTC", "2024-01-01 12:30:45"),
        ("31.1.2024 12:30:45+01:00", "2024-01-31 11:30:45"),
    ],
)
def test_a_time_with_a_zone_is_sent_in_utc_and_said(tmp_path: Path, time: str, utc: str) -> None:
    found = read_bytes(
        tmp_path, csv_of(line("a", time="2023-12-01 12:30:45"), line("b", time=time))
    )
    assert found.reasons == []
    assert [str(row.trans_date_trans_time) for row in found.transactions] == [
        "2023-12-01 12:30:45",
        utc,
    ]
    assert "1 of 2 times have a zone: sent in UTC, as event times are." in found.notes


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line("x", time="1969-12-31 23:59:59"), "the time is before 1970"),
        (line("x", time="2026-01-02 00:00:01"), "the time is in the future: '2026-01-02 00:00:01'"),
        (line("x", amount="1000000001"), "amt is beyond ±1,000,000,000"),
        (line("x", merchant="x" * 1_001), "merchant has more than 1,000 characters"),
    ],
)
def test_what_would_be_invalid_on_the_topic_is_left_out(
    tmp_path: Path, bad: str, reason: str
) -> None:
    found = read_bytes(tmp_path, csv_of(line("a"), bad, line("b")))
    assert found.numbers == ["a", "b"]
    (said,) = found.reasons
    assert said.startswith(f"line 3: {reason}")


def test_lines_are_counted_through_quoted_line_ends(tmp_path: Path) -> None:
    two_lines = line("b", merchant='"fraud_Olson,\nBecker and Koch"')
    found = read_bytes(tmp_path, csv_of(line("a"), two_lines, line("x", amount="?"), line("c")))
    assert found.numbers == ["a", "b", "c"]
    assert places(found) == ["line 5"]
    assert found.transactions[1].merchant == "fraud_Olson,\nBecker and Koch"


@pytest.mark.parametrize(
    "others", [["b", "c", "d"], ["b", "c"]], ids=["closed by a later quote", "never closed"]
)
def test_a_stray_quote_costs_one_row(tmp_path: Path, others: list[str]) -> None:
    stray = line("x", merchant='"fraud_Koch')
    quoted = {"d": line("d", merchant='"fraud_Olson, Becker and Koch"')}
    after = [quoted.get(number, line(number)) for number in others]
    found = read_bytes(tmp_path, csv_of(line("a"), stray, *after))
    assert found.numbers == ["a", *others]
    assert places(found) == ["line 3"]


def test_many_stray_quotes_cost_as_many_rows(tmp_path: Path) -> None:
    pairs = [
        text
        for number in range(2000)
        for text in (line("x", merchant='"fraud_Koch'), line(str(number)))
    ]
    found = read_bytes(tmp_path, csv_of(*pairs))
    assert found.counts == {"a quote or line end is misplaced": 2000}
    assert found.numbers == [str(number) for number in range(2000)]


def test_a_quote_within_a_field_is_part_of_it(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, csv_of(line("a", merchant='6" pipe'), line("b")))
    assert found.transactions[0].merchant == '6" pipe'
    assert found.left_out == []


def assert_no_row_is_lost(folder: Path, noises: list[bytes]) -> None:
    """Between rows, noise costs none of them."""
    # In one file, since a file costs half a second. A quoted field of each row ends what a quote
    # in the noise begins, which would otherwise hold the row if a later noise closed it.
    rows = [
        part
        for number, noise in enumerate(noises)
        for part in (noise, line(number, merchant='"fraud_Koch"').encode())
    ]
    data = csv_of(line("first")) + b"".join(part + b"\n" for part in rows)
    expected = ["first", *map(str, range(len(noises)))]
    assert read_bytes(folder, data).numbers == expected


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
def test_no_bytes_break_a_row(tmp_path: Path, noises: list[bytes]) -> None:
    assert_no_row_is_lost(tmp_path, noises)


@given(st.lists(st.text(',"\n\r;a1', max_size=60), min_size=1, max_size=8))
@example(['1","'])
@example(['a,a,a,a,a,"', '",a,a,a,a,a'])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=24)
def test_no_quotes_break_a_row(tmp_path: Path, noises: list[str]) -> None:
    assert_no_row_is_lost(tmp_path, [noise.encode() for noise in noises])


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_a_file_of_anything_is_refused(tmp_path: Path, noise: bytes) -> None:
    assert str(tmp_path) in refused(tmp_path, noise)


@pytest.mark.parametrize(
    "data",
    [b"PAR1\x00\r\x01", b"x" * 200_000, b'"' + b"x" * 300_000, b"a\rb\rc", b"[{}]", b"\x1f\x8b"],
    ids=["no parquet", "long line", "long quoted line", "old line ends", "array", "stub"],
)
def test_another_kind_of_file_is_refused(tmp_path: Path, data: bytes) -> None:
    refused(tmp_path, data)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"\n", b"\xef\xbb\xbf"):
        assert "is empty" in refused(tmp_path, data)
    assert "holds no transaction" in refused(tmp_path, HEADER)


def test_missing_columns_of_a_header_are_named(tmp_path: Path) -> None:
    header = HEADER.replace(",is_fraud", "").replace(",zip", "").replace(",cc_num", "")
    message = refused(tmp_path, header)
    assert "credit card transactions (Kaggle)" in message
    assert "has no column cc_num, is_fraud, zip" in message


def test_another_header_is_shown_with_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_bytes(tmp_path, "id,name\n1,2\n")
    assert "'id, name'" in caught.value.message
    for expected in ("--map", "Kaggle", "Sparkov", "PaySim"):
        assert expected in caught.value.hint


def test_a_file_without_a_header_says_so_and_is_read_when_told(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-01 00:00:{second:02},{second},{second}.5\n" for second in range(9))
    with pytest.raises(InputError, match="has no header; its columns are called column0 to column"):
        read_bytes(tmp_path, rows)
    maps = ("trans_date_trans_time=column0", "user_id=column1", "amt=column2")
    found = read(file_of(tmp_path, rows), maps=maps)
    assert [row.amt for row in found.transactions] == [second + 0.5 for second in range(9)]
