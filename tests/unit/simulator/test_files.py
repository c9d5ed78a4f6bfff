"""Files as users have them, sound and damaged."""

import gzip
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import contract
from pipeline.errors import InputError
from pipeline.model import Transaction
from pipeline.simulator import encode
from pipeline.simulator.files import open_file
from pipeline.simulator.identity import user_id
from pipeline.simulator.layouts import Row, UnreadableRow

HEADER = "trans_date_trans_time,cc_num,merchant,category,amt,first,last,zip,dob,trans_num,is_fraud"
INT64 = st.integers(-(2**63), 2**63 - 1)
TRANSACTIONS = st.builds(
    Transaction,
    trans_date_trans_time=st.datetimes().map(lambda moment: moment.replace(microsecond=0)),
    cc_num=INT64,
    amt=st.floats(allow_nan=False, allow_infinity=False),
    is_fraud=st.integers(0, 1),
    user_id=INT64,
    **dict.fromkeys(
        ("merchant", "category", "first", "last", "zipcode", "dob", "trans_num"),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    ),
)


def line(
    trans_num: str,
    *,
    time: str = "2024-01-01 00:00:18",
    card: str = "42",
    merchant: str = "fraud_Koch",
    amount: str = "1.5",
    fraud: str = "0",
) -> str:
    return f"{time},{card},{merchant},home,{amount},A,B,02150,2000-01-01,{trans_num},{fraud}"


def csv_of(*lines: str, end: str = "\n") -> bytes:
    return "".join(text + end for text in (HEADER, *lines)).encode()


def read(folder: Path, data: bytes) -> list[Row]:
    path = folder / "file"
    path.write_bytes(data)
    return [row for row, _ in open_file(path).rows()]


def numbers(rows: list[Row]) -> list[str | int]:
    """The trans_num of what could be read, the line number of what could not."""
    return [row.line if isinstance(row, UnreadableRow) else row.trans_num for row in rows]


def refused(folder: Path, data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, data)
    assert caught.value.hint
    return caught.value.message


def samples(folder: Path, layout: str) -> list[Row]:
    return [row for row, _ in open_file(folder / f"{layout}-60-customers.csv.gz").rows()]


def test_both_samples_hold_the_same_transactions(sample_data: Path) -> None:
    public = samples(sample_data, "kaggle-layout")
    assert len(public) == 9318
    transactions = [row for row in public if isinstance(row, Transaction)]
    assert len(transactions) == 9318
    # One of the sixty customers the files are named after bought nothing.
    assert len({t.cc_num for t in transactions}) == len({t.user_id for t in transactions}) == 59
    assert sum(t.is_fraud for t in transactions) == 573
    assert samples(sample_data, "sparkov") == public


def test_a_sample_says_what_it_is_and_how_far_it_is_read(sample_data: Path) -> None:
    file = open_file(sample_data / "sparkov-60-customers.csv.gz")
    assert file.layout.name.startswith("pipe-separated")
    assert file.packed
    shares = [share for _, share in file.rows()]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5 < shares[-1] <= 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(transactions=st.lists(TRANSACTIONS, min_size=1, max_size=5), packed=st.booleans())
def test_what_goes_to_the_topic_can_be_read_back(
    tmp_path: Path, transactions: list[Transaction], packed: bool
) -> None:
    data = b"".join(encode.value(t) + b"\n" for t in transactions)
    assert read(tmp_path, gzip.compress(data) if packed else data) == transactions


@given(TRANSACTIONS)
def test_the_topics_format_is_the_contracts(transaction: Transaction) -> None:
    fields = msgspec.json.decode(encode.value(transaction))
    assert list(fields) == list(contract.TRANSACTION_FIELDS)
    written = fields[contract.TIME_COLUMN]
    assert len(written) == 19
    assert datetime.strptime(written, contract.TIME_FORMAT) == transaction.trans_date_trans_time
    assert encode.key(transaction) == str(transaction.user_id).encode()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("packed", [False, True])
def test_line_ends_byte_order_marks_and_packing_do_not_matter(
    tmp_path: Path, end: str, mark: bytes, packed: bool
) -> None:
    data = mark + csv_of(line("a"), line("b"), end=end)
    rows = read(tmp_path, gzip.compress(data) if packed else data)
    assert numbers(rows) == ["a", "b"]
    assert isinstance(rows[0], Transaction)
    assert rows[0] == Transaction(
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


def test_the_files_own_user_wins_over_the_cards(tmp_path: Path) -> None:
    data = f"{HEADER},user_id\n{line('a')},-312211619698468596\n".encode()
    (row,) = read(tmp_path, data)
    assert isinstance(row, Transaction)
    assert row.user_id == -312211619698468596


def test_a_cards_user_stays_the_same_forever() -> None:
    # As `printf 42 | b2sum -l 64` has it, read as a signed number.
    assert user_id(42) == 6319743179241711738
    assert user_id(30016877313221) == 8110128319388086326


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("1,2,3", "3 fields where the header has 11"),
        (line("x") + ",more", "12 fields where the header has 11"),
        (line("x", card="3.00E+13"), "cc_num is '3.00E+13', not a whole number"),
        (line("x", card=str(2**63)), "does not fit into 64 bits"),
        (line("x", card=str(-(2**63) - 1)), "does not fit into 64 bits"),
        (line("x", card="9" * 10_000), "not a whole number"),
        (line("x", amount="dear"), "amt is 'dear', not an amount"),
        (line("x", amount="nan"), "not an amount"),
        (line("x", amount="-inf"), "not an amount"),
        (line("x", amount="1e999"), "not an amount"),
        (line("x", amount="1_000"), "not an amount"),
        (line("x", time="yesterday"), "the time is 'yesterday'"),
        (line("x", time="2024-01-01"), "the time is '2024-01-01', not YYYY-MM-DD HH:MM:SS"),
        (line("x", time="2024-02-30 00:00:00"), "the time is '2024-02-30 00:00:00'"),
        (line("x", time="2024-01-01 00:00:00+02:00"), "has a zone"),
        (line("x", fraud="2"), "is_fraud is '2', not 0 or 1"),
        (line("x", fraud=""), "is_fraud is '', not 0 or 1"),
    ],
)
def test_a_malformed_row_is_named_and_passed_over(tmp_path: Path, bad: str, reason: str) -> None:
    rows = read(tmp_path, csv_of(line("a"), bad, line("b")))
    assert numbers(rows) == ["a", 3, "b"]
    assert isinstance(rows[1], UnreadableRow)
    assert reason in rows[1].reason


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("is_fraud", b"2", "not 0 or 1"),
        ("is_fraud", b"null", "is_fraud"),
        ("amt", b"NaN", "malformed"),
        ("amt", b"1e999", "out of range"),
        ("amt", b'"1"', "amt"),
        ("user_id", str(2**63).encode(), "user_id"),
        ("cc_num", b"1.5", "cc_num"),
        ("trans_date_trans_time", b'"2024-01-01 00:00:00Z"', "zone"),
        ("trans_date_trans_time", b'"2024-01-01"', "trans_date_trans_time"),
    ],
)
def test_a_malformed_json_line_is_named_and_passed_over(
    tmp_path: Path, field: str, value: bytes, reason: str
) -> None:
    (good,) = read(tmp_path, csv_of(line("a")))
    assert isinstance(good, Transaction)
    valid = encode.value(good)
    fields = msgspec.json.decode(valid, type=dict[str, msgspec.Raw])
    damaged = msgspec.json.encode(fields | {field: msgspec.Raw(value)})
    rows = read(tmp_path, b"\n".join((valid, b"", damaged, b"[]", b"{", valid[:40], valid)))
    assert numbers(rows) == ["a", 3, 4, 5, 6, "a"]
    assert isinstance(rows[1], UnreadableRow)
    assert reason in rows[1].reason


def test_lines_are_counted_through_quoted_line_ends(tmp_path: Path) -> None:
    two_lines = line("b", merchant='"fraud_Olson,\nBecker and Koch"')
    rows = read(tmp_path, csv_of(line("a"), two_lines, line("x", amount="?"), line("c")))
    assert numbers(rows) == ["a", "b", 5, "c"]
    assert isinstance(rows[1], Transaction)
    assert rows[1].merchant == "fraud_Olson,\nBecker and Koch"


@pytest.mark.parametrize(
    "others", [["b", "c", "d"], ["b", "c"]], ids=["closed by a later quote", "never closed"]
)
def test_a_stray_quote_costs_one_row(tmp_path: Path, others: list[str]) -> None:
    stray = line("x", merchant='"fraud_Koch')
    quoted = {"d": line("d", merchant='"fraud_Olson, Becker and Koch"')}
    after = [quoted.get(number, line(number)) for number in others]
    rows = read(tmp_path, csv_of(line("a"), stray, *after))
    assert numbers(rows) == ["a", 3, *others]


def test_many_stray_quotes_cost_as_many_rows(tmp_path: Path) -> None:
    pairs = [
        text
        for number in range(2000)
        for text in (line("x", merchant='"fraud_Koch'), line(str(number)))
    ]
    rows = read(tmp_path, csv_of(*pairs))
    assert sum(isinstance(row, UnreadableRow) for row in rows) == 2000
    assert [row for row in numbers(rows) if isinstance(row, str)] == [str(n) for n in range(2000)]


def test_bytes_that_are_no_utf_8_do_not_stop_a_file(tmp_path: Path) -> None:
    latin = line("b", merchant="fraud_Pérez").encode("latin-1")
    card = line("x").encode().replace(b"42", b"4\xff2")
    rows = read(tmp_path, csv_of(line("a")) + latin + b"\n" + card + b"\n" + line("c").encode())
    assert numbers(rows) == ["a", "b", 4, "c"]
    assert isinstance(rows[1], Transaction)
    assert rows[1].merchant == "fraud_P\ufffdrez"


def test_a_gzip_cut_short_keeps_what_comes_before(tmp_path: Path) -> None:
    whole = csv_of(*(line(str(number)) for number in range(5000)))
    packed = gzip.compress(whole)
    rows = read(tmp_path, packed[: len(packed) // 2])
    *valid, last = rows
    assert len(valid) > 100
    assert numbers(valid) == [str(number) for number in range(len(valid))]
    assert isinstance(last, UnreadableRow)
    assert last.line == len(valid) + 2
    assert "damaged" in last.reason


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_bytes_break_a_row(tmp_path: Path, noise: bytes) -> None:
    rows = read(tmp_path, csv_of(line("a")) + noise + b"\n" + line("z").encode() + b"\n")
    assert numbers(rows)[0] == "a"
    assert numbers(rows)[-1] == "z"


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_file_of_anything_is_refused(tmp_path: Path, noise: bytes) -> None:
    if not noise.lstrip().startswith(b"{"):
        assert str(tmp_path) in refused(tmp_path, noise)


@pytest.mark.parametrize(
    "data",
    [b"PAR1\x00\r\x01", b"x" * 200_000, b'"' + b"x" * 300_000, b"a\rb\rc", b"[{}]", b"\x1f\x8b"],
    ids=["carriage return", "long line", "long quoted line", "old line ends", "array", "stub"],
)
def test_another_kind_of_file_is_refused(tmp_path: Path, data: bytes) -> None:
    refused(tmp_path, data)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"\n", b"\xef\xbb\xbf", gzip.compress(b"")):
        assert "is empty" in refused(tmp_path, data)


def test_a_header_that_lacks_columns_is_told_which(tmp_path: Path) -> None:
    header = HEADER.replace(",is_fraud", "").replace(",zip", "")
    message = refused(tmp_path, header.encode())
    assert "credit card transactions CSV" in message
    assert "has no column is_fraud, zip" in message


def test_another_header_is_shown_with_what_was_expected(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("id,name\n1,2\n")
    with pytest.raises(InputError) as caught:
        open_file(path)
    assert "'id,name'" in caught.value.message
    for expected in ("CSV", "pipe-separated", "JSON lines"):
        assert expected in caught.value.hint


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "none", "No such file"),
        (tmp_path, "directory"),
        (Path("/dev/null"), "no regular file"),
    ):
        with pytest.raises(InputError, match=reason):
            open_file(path)
