"""Layouts known by their header, `--map`, and files damaged by spreadsheets."""

from datetime import datetime
from pathlib import Path

import pytest

from pipeline.contract import TRANSACTION_FIELDS, Transaction
from pipeline.errors import ConfigError, InputError
from pipeline.files.identity import user_of
from pipeline.files.known import LAYOUTS
from pipeline.files.mapping import fields_of, read_options
from tests.replayed import HEADER, csv_of, file_of, line, read

SPARKOV = (
    "ssn|cc_num|first|last|gender|street|city|state|zip|lat|long|city_pop|job|dob|acct_num|profile"
    "|trans_num|trans_date|trans_time|unix_time|category|amt|is_fraud|merchant|merch_lat|merch_long"
)
ULB = ",".join(("Time", *(f"V{number}" for number in range(1, 29)), "Amount", "Class"))


def transaction(
    time: str, cc_num: int, merchant: str, category: str, amt: float, **more: object
) -> Transaction:
    """A transaction without names."""
    empty = dict.fromkeys(("first", "last", "zipcode", "dob", "trans_num"), "")
    given = {"is_fraud": 0, "user_id": cc_num, **empty, **more}
    return Transaction(
        datetime.fromisoformat(time),
        cc_num,
        merchant,
        category,
        amt,
        **given,  # type: ignore[arg-type]  # of the fields' types, as the tests give them
    )


@pytest.mark.parametrize(
    ("layout", "text", "expected"),
    [
        (
            "output of Sparkov's generator",
            f"{SPARKOV}\n1|42|A|B|F|s|c|CA|02150|1|2|3|j|2000-01-01|7|p.json|t|2024-01-01|00:00:18"
            "|1704067218|home|1.5|1|fraud_Koch|1|2\n",
            transaction(
                *("2024-01-01 00:00:18", 42, "fraud_Koch", "home", 1.5),
                user_id=user_of("42"), first="A", last="B", zipcode="02150", dob="2000-01-01",
                trans_num="t", is_fraud=1,
            ),
        ),
        (
            "output of Sparkov's generator",  # of 2016, with a comma for the bar
            "cc_num,first,last,zip,dob,trans_num,trans_date,trans_time,category,amt,is_fraud,merchant"
            "\n42,A,B,02150,2000-01-01,t,2024-01-01,00:00:18,home,1.5,0,fraud_Koch\n",
            transaction(
                *("2024-01-01 00:00:18", 42, "fraud_Koch", "home", 1.5),
                user_id=user_of("42"), first="A", last="B", zipcode="02150", dob="2000-01-01",
                trans_num="t",
            ),
        ),
        (
            "IBM TabFormer",
            "User,Card,Year,Month,Day,Time,Amount,Use Chip,Merchant Name,Merchant City,"
            "Merchant State,Zip,MCC,Errors?,Is Fraud?\n"
            "3,1,2002,9,1,06:21,$-1134.09,Swipe Transaction,-727612092139916043,La Verne,CA,"
            "91750.0,5300,,Yes\n",
            transaction(
                *("2002-09-01 06:21:00", 301, "-727612092139916043", "5300", -1134.09),
                user_id=3, zipcode="91750", trans_num="2", is_fraud=1,
            ),
        ),
        (
            "PaySim",
            "step,type,amount,nameOrig,oldbalanceOrg,newbalanceOrig,nameDest,oldbalanceDest,"
            "newbalanceDest,isFraud,isFlaggedFraud\n"
            "25,PAYMENT,9839.64,C1231006815,170136.0,160296.36,M1979787155,0.0,0.0,0,0\n",
            transaction(
                *("2024-01-02 01:00:00", 1231006815, "M1979787155", "PAYMENT", 9839.64),
                trans_num="2",
            ),
        ),
        (
            "BankSim",
            "step,customer,age,gender,zipcodeOri,merchant,zipMerchant,category,amount,fraud\n"
            "2,'C1093826151','4','M','28007','M348934600','28007','es_transportation',4.55,1\n",
            transaction(
                *("2024-01-03 00:00:00", 1093826151, "M348934600", "es_transportation", 4.55),
                zipcode="28007", trans_num="2", is_fraud=1,
            ),
        ),
        (
            "ULB's credit card fraud",
            f'{ULB}\n1e+05,{",".join(["-1.35"] * 28)},149.62,"1"\n',
            transaction("2013-09-02 03:46:40", 0, "", "", 149.62, trans_num="2", is_fraud=1),
        ),
        (
            "IEEE-CIS",
            "TransactionID,isFraud,TransactionDT,TransactionAmt,ProductCD,card1,card2,addr1,addr2\n"
            "2987000,1,86400,68.5,W,13926,,315.0,87.0\n",
            transaction(
                *("2017-12-02 00:00:00", 13926, "", "W", 68.5),
                zipcode="315", trans_num="2987000", is_fraud=1,
            ),
        ),
        (
            "Capital One's transactions",
            '{"accountNumber": "737265056", "customerId": "737265057", "creditLimit": 5000.0, '
            '"transactionDateTime": "2016-08-13T14:27:32", "transactionAmount": 98.55, '
            '"merchantName": "Uber", "merchantCategoryCode": "rideshare", "isFraud": true}\n',
            transaction(
                *("2016-08-13 14:27:32", 737265056, "Uber", "rideshare", 98.55),
                user_id=737265057, trans_num="1", is_fraud=1,
            ),
        ),
    ],
)  # fmt: skip
def test_a_layout_is_known_by_its_header(
    tmp_path: Path, layout: str, text: str, expected: Transaction
) -> None:
    found = read(file_of(tmp_path, text))
    assert found.layouts == [layout]
    assert found.only == expected


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS if layout.data])
def test_a_layout_gives_every_field(layout: object) -> None:
    assert isinstance(layout, type(LAYOUTS[0]))
    assert set(layout.fields) == set(TRANSACTION_FIELDS)
    assert set(layout.lacks) <= set(TRANSACTION_FIELDS)


def test_labels_that_are_not_there_are_said_to_be_0(tmp_path: Path) -> None:
    header = "TransactionID,TransactionDT,TransactionAmt,ProductCD,card1,addr1"
    found = read(file_of(tmp_path, f"{header}\n1,86400,68.5,W,13926,315.0\n"))
    assert found.only.is_fraud == 0
    assert "No labels: 0." in found.notes


def test_the_generators_customers_are_passed_over(tmp_path: Path) -> None:
    customers = SPARKOV.partition("|trans_num")[0]
    file_of(
        tmp_path, f"{customers}\n1|42|A|B|F|s|c|CA|02150|1|2|3|j|2000-01-01|7|p.json\n", "0.csv"
    )
    rows = (
        "1|42|A|B|F|s|c|CA|02150|1|2|3|j|2000-01-01|7|p.json"
        "|{}|2024-01-0{}|00:00:18|0|home|1|0|m|1|2"
    )
    for day in (2, 1):
        file_of(tmp_path, f"{SPARKOV}\n{rows.format(day, day)}\n", f"{3 - day}.csv")
    file_of(tmp_path, f"{SPARKOV}\n", "9.csv")
    found = read(f"{tmp_path}/*.csv")
    assert found.numbers == ["1", "2"]
    (said,) = found.passed_over
    assert "the customers of Sparkov's generator" in said


BIRTHS = ("3/9/88", "12/31/1919")


def test_the_tutorials_csv_is_taken_with_the_seconds_that_it_still_has(tmp_path: Path) -> None:
    header = HEADER.replace("zip", "zipcode") + ",unix_time"
    rows = [f"{line('a', time='1/1/19 0:00')},1325376018000", f"{line('b', time='1/2/19 13:01')},x"]
    rows = [row.replace("2000-01-01", born) for row, born in zip(rows, BIRTHS, strict=True)]
    found = read(file_of(tmp_path, csv_of(*rows, header=header)))
    assert [str(t.trans_date_trans_time) for t in found.transactions] == [
        "2019-01-01 00:00:18",
        "2019-01-02 13:01:00",
    ]
    assert [t.zipcode for t in found.transactions] == ["02150"] * 2
    assert [t.dob for t in found.transactions] == ["1988-03-09", "1919-12-31"]
    assert (
        "2 of 2 dates of birth are short, such as 3/9/88: read as month, day, year, and two digits "
        "as the last such year before the transaction: 1988-03-09."
    ) in found.notes
    assert (
        "No seconds in 2 of 2 times: 1 got them from unix_time, the others are sent as :00."
        in found.notes
    )


def test_what_a_spreadsheet_has_destroyed_is_said(tmp_path: Path) -> None:
    rows = [line("a", time="1/13/2019 0:00", card="4.00012E+15"), line("b", card="4.00012E+15")]
    other = line("c", card="4.00012E+15").replace(",A,", ",Z,")
    found = read(file_of(tmp_path, csv_of(*rows, other)))
    assert {t.cc_num for t in found.transactions} == {4000120000000000}
    assert len({t.user_id for t in found.transactions}) == 2
    seconds, digits = found.notes[-2:]
    assert seconds == "No seconds in 1 of 3 times: sent as :00."
    assert digits.startswith("3 of 3 card numbers have lost digits in a spreadsheet")
    assert "told apart by name and date of birth" in digits


@pytest.mark.parametrize(
    ("times", "epochs", "first", "why"),
    [
        (("21-06-2020 12:14", "02-01-2020 12:14"), ("", ""), "2020-01-02", "no other order fits"),
        (("6/21/2020 12:14", "2/1/2020 12:14"), ("", ""), "2020-02-01", "no other order fits"),
        (("3/2/2020 12:14", "2/1/2020 12:14"), ("", ""), "2020-02-01", "the other way round"),
        (("3.2.2020 12:14", "2.1.2020 12:14"), ("", ""), "2020-01-02", "the other way round"),
        # Seven years earlier, as in Kaggle's files.
        (
            ("3/2/2020 12:14", "2/1/2020 12:14"),
            ("1359893640", "1357128840"),
            "2020-01-02",
            "unix_time",
        ),
        (("21/06/2020 12:14:00", "02/01/2020 12:14:00 PM"), ("", ""), "2020-01-02", "no other"),
    ],
)
def test_the_order_of_days_and_months_is_found_or_said(
    tmp_path: Path, times: tuple[str, str], epochs: tuple[str, str], first: str, why: str
) -> None:
    rows = [f"{line('x', time=t)},{e}" for t, e in zip(times, epochs, strict=True)]
    found = read(file_of(tmp_path, csv_of(*rows, header=f"{HEADER},unix_time")))
    assert str(found.transactions[0].trans_date_trans_time).startswith(first)
    (said,) = [note for note in found.notes if note.startswith("Dates are read as")]
    assert why in said


MAPPED = (
    "trans_date_trans_time=when",
    "amt=CAST(replace(Amount,'$','') AS DOUBLE) / 100",
    "user_id=user_of(Who)",
)


def test_columns_and_expressions_are_mapped(tmp_path: Path) -> None:
    path = file_of(tmp_path, "When;Amount;Who;zipcode\n2024-01-01 10:00:00;$150;x y;04109\n")
    found = read(path, maps=MAPPED)
    assert found.only == transaction(
        "2024-01-01 10:00:00", 0, "", "", 1.5, user_id=user_of("x y"), zipcode="04109"
    )
    assert found.notes == [
        "No cc_num, is_fraud: 0.",
        "No merchant, category, first, last, dob, trans_num: empty.",
    ]


def test_what_is_mapped_wins_over_what_is_known(tmp_path: Path) -> None:
    found = read(
        file_of(tmp_path, csv_of(line("a"))), maps=("amt=CAST(amt AS DOUBLE) * 2", "user_id=7")
    )
    assert (found.only.amt, found.only.user_id) == (3.0, 7)
    assert found.notes == []


def test_a_column_that_a_layout_lacks_may_be_mapped(tmp_path: Path) -> None:
    path = file_of(tmp_path, csv_of(line("a"), header=HEADER.replace("zip", "postcode")))
    found = read(path, maps=("zipcode=postcode",))
    assert found.only.zipcode == "02150"
    assert found.only.user_id == user_of("42")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("amt", "--map 'amt' is not valid"),
        ("amt=", "--map 'amt=' is not valid"),
        ("amount=x", "--map has an unknown field 'amount'"),
    ],
)
def test_an_option_that_says_nothing_is_refused(option: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_options([option])
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("maps", "message", "hint"),
    [
        (MAPPED[:2], "has no column for user_id", "--map"),
        ((*MAPPED[:2], "user_id=whom"), "has no column 'whom'", "When, Amount, Who"),
        ((*MAPPED[:2], "user_id=Who"), "user_id is not a whole number", "user_of(column)"),
        ((*MAPPED[1:], MAPPED[0], "amt=Amount / 100"), "cannot be read", "CAST(Amount AS DOUBLE)"),
        ((*MAPPED, "amt=CAST(Amount AS DOUBLE)"), "cannot be read", "TRY_CAST"),
        ((*MAPPED, "amt=sum(Amount)"), "'sum(Amount)' has the aggregate sum(), but a", "such as"),
        ((*MAPPED, "amt=(SELECT 1)"), "has a query, but a mapping is an expression over one", ""),
        ((*MAPPED, "amt=(FROM read_csv('x'))"), "has a query, but a mapping is", ""),
        ((*MAPPED, "merchant=unnest([Who, Who])"), "has unnest(), which makes several rows", ""),
        ((*MAPPED, "merchant=Who; DROP TABLE rows"), "has several statements, but a", ""),
        ((*MAPPED, "merchant=COLUMNS(*)"), "has *, which is all columns, but a", ""),
        ((*MAPPED, "merchant=$1"), "has a parameter, but a mapping is", ""),
    ],
)
def test_a_mapping_that_does_not_work_is_refused(
    tmp_path: Path, maps: tuple[str, ...], message: str, hint: str
) -> None:
    path = file_of(tmp_path, "When;Amount;Who\n2024-01-01 10:00:00;$150;x y\n")
    with pytest.raises(InputError) as caught:
        read(path, maps=maps)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_mapping_may_number_the_rows(tmp_path: Path) -> None:
    path = file_of(tmp_path, "When;Amount;Who\n2024-01-01 10:00:00;1;x\n2024-01-01 10:00:01;2;x\n")
    numbered = 'trans_num=row_number() OVER (ORDER BY "When")'
    found = read(path, maps=(*MAPPED[:2], "user_id=user_of(Who)", "amt=Amount", numbered))
    assert found.numbers == ["1", "2"]


def test_what_is_renamed_is_known() -> None:
    fields = fields_of("x", HEADER.split(","), {"merchant": "category"})
    assert set(fields.renamed) == {"zipcode", "merchant"}
