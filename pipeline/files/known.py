"""The layouts that are known without any option; the first match is used."""

from __future__ import annotations

from typing import Final

from pipeline.contract import TRANSACTION_FIELDS

from .layouts import Layout

_CARD: Final = (
    *("cc_num", "merchant", "category", "amt", "first", "last", "zip|zipcode"),
    *("dob", "trans_num", "is_fraud"),
)
# Cards with lost digits look alike; together with their holders' names they differ.
_USER_OF_CARD: Final = (
    "user_of(CASE WHEN blurred(cc_num) THEN concat_ws('|', cc_num, first, last, dob) "
    "ELSE CAST(whole_number(cc_num) AS VARCHAR) END)"
)
_CARD_FIELDS: Final = {
    **{column: column for column in _CARD if "|" not in column},
    "zipcode": "zip",
    "user_id": _USER_OF_CARD,
}
_NO_PERSON: Final = {"first": "''", "last": "''", "dob": "''"}
_NO_NAMES: Final = {"first": "No names and dates of birth: empty."}
_NO_NUMBERS: Final = {"trans_num": "No transaction numbers: the line in the file."}
_OF_CARD: Final = {"user_id": ("user_id", "user_id")}
_DIGITS: Final = r"'\d+'"

LAYOUTS: Final = (
    Layout("the topic's own fields", tuple(TRANSACTION_FIELDS), {f: f for f in TRANSACTION_FIELDS}),
    Layout(
        "credit card transactions (Kaggle)",
        ("trans_date_trans_time", *_CARD),
        {"trans_date_trans_time": "trans_date_trans_time", **_CARD_FIELDS},
        own=_OF_CARD,
        lacks={"user_id": "No user ids: a hash of the card number."},
        seconds="unix_time",
    ),
    Layout(
        "output of Sparkov's generator",
        ("trans_date", "trans_time", *_CARD),
        {"trans_date_trans_time": "trans_date || ' ' || trans_time", **_CARD_FIELDS},
        own=_OF_CARD,
        lacks={"user_id": "No user ids: a hash of the card number."},
        seconds="unix_time",
    ),
    Layout(
        "the customers of Sparkov's generator",
        ("ssn", "cc_num", "first", "last", "dob", "acct_num", "profile"),
        data=False,
    ),
    Layout(
        "IBM TabFormer",
        (
            *("user", "card", "year", "month", "day", "time", "amount"),
            *("merchant_name", "zip", "mcc", "is_fraud"),
        ),
        {
            "trans_date_trans_time": "year || '-' || month || '-' || day || ' ' || \"time\"",
            "cc_num": 'whole_number("user") * 100 + whole_number(card)',
            "merchant": "merchant_name",
            "category": "mcc",
            "amt": "amount",
            "zipcode": r"regexp_replace(coalesce(zip, ''), '\.0$', '')",
            "trans_num": "__place",
            "is_fraud": "is_fraud",
            "user_id": '"user"',
            **_NO_PERSON,
        },
        lacks={"cc_num": "No card numbers: user × 100 + card.", **_NO_NUMBERS, **_NO_NAMES},
    ),
    Layout(
        "PaySim",
        ("step", "type", "amount", "nameorig", "namedest", "isfraud"),
        {
            "trans_date_trans_time": "TIMESTAMP '2024-01-01' + to_hours(whole_number(step))",
            "cc_num": f"regexp_extract(nameorig, {_DIGITS})",
            "merchant": "namedest",
            "category": "type",
            "amt": "amount",
            "zipcode": "''",
            "trans_num": "__place",
            "is_fraud": "isfraud",
            "user_id": f"regexp_extract(nameorig, {_DIGITS})",
            **_NO_PERSON,
        },
        lacks={
            "trans_date_trans_time": "No times: a step is a full hour from 2024-01-01 on.",
            "cc_num": "No card numbers: the digits of nameOrig.",
            "user_id": "User ids with a letter: the digits of nameOrig.",
            "zipcode": "No zip codes: empty.",
            **_NO_NUMBERS,
            **_NO_NAMES,
        },
    ),
    Layout(
        "BankSim",
        ("step", "customer", "zipcodeori", "merchant", "category", "amount", "fraud"),
        {
            "trans_date_trans_time": "TIMESTAMP '2024-01-01' "
            "+ to_days(CAST(whole_number(step) AS INT))",
            "cc_num": f"regexp_extract(customer, {_DIGITS})",
            "merchant": "unquoted(merchant)",
            "category": "unquoted(category)",
            "amt": "amount",
            "zipcode": "unquoted(zipcodeori)",
            "trans_num": "__place",
            "is_fraud": "fraud",
            "user_id": f"regexp_extract(customer, {_DIGITS})",
            **_NO_PERSON,
        },
        lacks={
            "trans_date_trans_time": "No times: a step is midnight of a day from 2024-01-01 on.",
            "cc_num": "No card numbers: the digits of customer.",
            "user_id": "User ids with a letter: the digits of customer.",
            **_NO_NUMBERS,
            **_NO_NAMES,
        },
    ),
    Layout(
        "ULB's credit card fraud",
        ("time", *(f"v{number}" for number in range(1, 29)), "amount", "class"),
        {
            "trans_date_trans_time": "TIMESTAMP '2013-09-01' "
            '+ to_seconds(CAST(floor(TRY_CAST("time" AS DOUBLE)) AS BIGINT))',
            "cc_num": "0",
            "merchant": "''",
            "category": "''",
            "amt": "amount",
            "zipcode": "''",
            "trans_num": "__place",
            "is_fraud": "class",
            "user_id": "0",
            **_NO_PERSON,
        },
        lacks={
            "trans_date_trans_time": "No dates: seconds are counted from 2013-09-01 on.",
            "cc_num": "No card numbers: 0.",
            "user_id": "No users: all transactions are those of user 0.",
            "merchant": "No merchants: empty.",
            "category": "No categories: empty.",
            "zipcode": "No zip codes: empty.",
            **_NO_NUMBERS,
            **_NO_NAMES,
        },
    ),
    Layout(
        "IEEE-CIS",
        ("transactionid", "transactiondt", "transactionamt", "productcd", "card1", "addr1"),
        {
            "trans_date_trans_time": "TIMESTAMP '2017-12-01' "
            "+ to_seconds(whole_number(transactiondt))",
            "cc_num": "card1",
            "merchant": "''",
            "category": "productcd",
            "amt": "transactionamt",
            "zipcode": r"regexp_replace(coalesce(addr1, ''), '\.0$', '')",
            "trans_num": "transactionid",
            "is_fraud": "0",
            "user_id": "card1",
            **_NO_PERSON,
        },
        own={"is_fraud": ("isfraud", "isfraud")},
        lacks={
            "trans_date_trans_time": "No dates: seconds are counted from 2017-12-01 on.",
            "cc_num": "No card numbers: card1.",
            "user_id": "No users: card1, which several may share.",
            "merchant": "No merchants: empty.",
            "zipcode": "No zip codes: the region addr1.",
            "is_fraud": "No labels: 0.",
            **_NO_NAMES,
        },
    ),
    Layout(
        "Capital One's transactions",
        (
            *("accountnumber", "customerid", "transactiondatetime", "transactionamount"),
            *("merchantname", "merchantcategorycode", "isfraud"),
        ),
        {
            "trans_date_trans_time": "transactiondatetime",
            "cc_num": "accountnumber",
            "merchant": "merchantname",
            "category": "merchantcategorycode",
            "amt": "transactionamount",
            "zipcode": "''",
            "trans_num": "__place",
            "is_fraud": "isfraud",
            "user_id": "customerid",
            **_NO_PERSON,
        },
        own={"zipcode": ("merchantzip", "merchantzip")},
        lacks={"zipcode": "No zip codes: empty.", **_NO_NUMBERS, **_NO_NAMES},
    ),
)
