"""What is sensitive is hidden where records are shown, and everything else stays as it is."""

from __future__ import annotations

import json
import logging
from dataclasses import fields
from datetime import datetime
from typing import Any

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import KafkaSettings, LabelSettings
from pipeline.errors import InputError
from pipeline.features import BUILT_IN, Registry, feature
from pipeline.features.masks import Masks
from pipeline.findings import Input, Kind, Mismatch, Value
from pipeline.formats.json.decoder import JsonDecoder
from pipeline.kafka.quarantine import validate_rows
from pipeline.kafka.records import Record
from pipeline.kafka.shown import shown
from pipeline.kafka.tail import json_object, text_line
from pipeline.labels.verdict import Decision, Subject, Verdict, encoded
from pipeline.parity.report import Parity, as_shown, render, render_rows
from pipeline.parity.tables import workspace
from pipeline.sources import TRANSACTION, Source, source
from pipeline.sources.masking import HIDDEN, OPEN, Mask, masked, without_values

CARD = 4_000_123_412_341_385
CANARY = "Zephyrine"
MASK = Mask(frozenset(("card", "name")))
KAFKA = KafkaSettings(topic_prefix="eu.")
payments = source(
    topic="payments",
    schema={"at": "timestamp(3)", "card": "int64", "name": "string", "amount": "float64"},
    time="at",
    user="card",
    amount="amount",
    required=("card", "amount"),
    sensitive=("card", "name"),
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (CARD, "•••• 1385"),
        (str(CARD), "•••• 1385"),
        ("4000 1234 1234 1385", "•••• 1385"),
        ("4000-1234-1234-1385", "•••• 1385"),
        (4.000123412341385e15, "•••• 1385"),
        (12345678, "•••• 5678"),
        (1234567, HIDDEN),
        ("1988-03-01", HIDDEN),
        ("DE89370400440532013000", HIDDEN),
        (CANARY, HIDDEN),
        ("", HIDDEN),
        (True, HIDDEN),
        ({"last": CANARY}, HIDDEN),
    ],
)
def test_a_value(value: object, expected: str) -> None:
    assert masked(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('{"card":4000123412341385,"x": 1.50 }', '{"card":"•••• 1385","x":1.50}'),
        ('{"x": 1.50 }', '{"x": 1.50 }'),
        ('{"name":null}', '{"name":null}'),
        ('{"a":[{"name":"Zephyrine","n":1e3}]}', '{"a":[{"name":"••••","n":1e3}]}'),
        ('{"a":{"b":{"name":["Zephyrine"]}}}', '{"a":{"b":{"name":"••••"}}}'),
        ('{"\\u006eame":"Zephyrine"}', '{"name":"••••"}'),
        ('{"name":"a","name":"Zephyrine"}', '{"name":"••••"}'),
        ('{"name":"Zephyr', "••••"),
        ('["Zephyrine"]', "••••"),
        ("Zephyrine", "••••"),
        ("", ""),
    ],
)
def test_a_record(value: str, expected: str) -> None:
    hidden = MASK.json(value.encode())
    assert hidden is not None
    same_but_blanks = hidden.decode() if hidden.decode() == expected else _compact(hidden.decode())
    assert same_but_blanks == _compact(expected) or same_but_blanks == expected
    assert OPEN.json(value.encode()) == value.encode()
    assert MASK.json(None) is None


def _compact(text: str) -> str:
    return text.replace(" }", "}")


def test_a_key_that_is_a_hidden_value_is_hidden() -> None:
    value = json.dumps({"card": CARD, "name": CANARY}).encode()
    assert MASK.shown_key(str(CARD).encode(), value) == "•••• 1385".encode()
    assert MASK.shown_key(CANARY.encode(), value) == HIDDEN.encode()
    assert MASK.shown_key(None, value) is None
    assert MASK.shown_key(b"7", json.dumps({"card": CARD, "id": 7}).encode()) == b"7"
    assert MASK.shown_key(b'"a b"', json.dumps({"card": 1, "id": "a b"}).encode()) == b'"a b"'
    # It may be a value that the record has lost.
    for unlike in (None, b"{", value):
        assert MASK.shown_key(str(CARD).encode(), unlike) == "•••• 1385".encode()
    other = Mask(MASK.fields, declared=False)
    inside = json.dumps({"a": [{"card": CARD, "name": {"of": CANARY}}, {"id": "x 7"}]}).encode()
    for mask in (MASK, other):
        assert mask.shown_key(str(CARD).encode(), inside) == "•••• 1385".encode()
        assert mask.shown_key(CANARY.encode(), inside) == HIDDEN.encode()
        assert mask.shown_key(b"x 7", inside) == b"x 7"
    assert other.shown_key(b"7", value) == b"7"
    assert other.shown_key(CANARY.encode(), value) == HIDDEN.encode()
    assert other.json(b"no JSON") == b"no JSON"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("card", "name", "x", "é")), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(("card", "name", "x", "a")), json_values, max_size=4))
def test_nothing_hidden_is_left_and_nothing_else_is_changed(value: dict[str, Any]) -> None:
    found = MASK.json(json.dumps(value).encode())
    assert found is not None

    def expected(inside: object) -> object:
        if isinstance(inside, list):
            return [expected(each) for each in inside]
        if isinstance(inside, dict):
            return {
                name: masked(each) if name in MASK.fields and each is not None else expected(each)
                for name, each in inside.items()
            }
        return inside

    assert json.loads(found) == expected(value)


def test_what_is_hidden_in_which_topic() -> None:
    @feature(topic="spend", source=payments)
    def spend(rows: Any) -> Any:
        by_card = ibis.window(group_by=rows.card, order_by=rows.at)
        return rows.select(
            "at",
            "amount",
            holder=rows.name,
            upper=rows.name.upper(),
            known=rows.name.notnull(),
            n=rows.count().over(by_card),
            spent=rows.amount.sum().over(by_card),
            largest=rows.card.max().over(by_card),
        )

    @feature(topic="per_name", source=payments)
    def per_name(rows: Any) -> Any:
        hours = rows.window_by(rows.at).tumble(size=ibis.interval(hours=1))
        return hours.agg(by={"who": ibis._.name}, n=ibis._.count(), cards=ibis._.card.nunique())

    masks = Masks(Registry((*BUILT_IN, spend, per_name)), KAFKA, LabelSettings())
    assert masks.of("eu.payments") == Mask(frozenset(("card", "name")))
    assert masks.of("eu.spend").fields == {"holder", "upper", "largest"}
    assert masks.of("eu.per_name").fields == {"who"}
    assert masks.of("eu.transaction") == Mask(frozenset(TRANSACTION.sensitive))
    assert masks.of("eu.flagged_transactions").fields == set(TRANSACTION.sensitive)
    assert not masks.of("eu.user_trans_amt_last_360min")
    assert masks.of("copy").fields >= {"card", "name", "cc_num", "holder"}
    assert Masks(BUILT_IN, KAFKA, LabelSettings(), show=True).of("copy") is OPEN
    assert {column.name for column in spend.sink.columns if column.hidden} == {
        "holder",
        "upper",
        "largest",
    }
    assert not any(column.hidden for column in spend.sink.in_full().columns)


VALUES: tuple[dict[str, Any] | bytes, ...] = (
    {"at": "2024-03-01 09:00:00", "card": CARD, "name": CANARY, "amount": 1.5},
    {"at": "2024-03-01 09:00:00", "card": f"{CARD}x", "name": CANARY, "amount": 1.5},
    {"at": "2024-03-01 09:00:00", "card": CARD, "name": CANARY, "amount": 1e99},
    {"at": "2024-03-01 09:00:00", "card": {"number": CARD}, "name": [CANARY], "amount": 1},
    {"more": [{"deeper": {"name": CANARY, "card": CARD}}]},
    b'{"card": 4000123412341385, "name": "Zephyrine", ',
    b"4000123412341385 Zephyrine",
)


def test_no_output_of_the_commands_shows_it() -> None:
    records = [
        Record(
            "payments",
            0,
            number,
            1_709_290_000_000,
            str(CARD).encode(),
            value if isinstance(value, bytes) else json.dumps(value).encode(),
            (("name", CANARY.encode()), ("other", b"seen")),
        )
        for number, value in enumerate(VALUES)
    ]
    mask = Masks(Registry((*BUILT_IN, _first_of())), KafkaSettings(), LabelSettings()).of(
        "payments"
    )
    said = [text_line(shown(record, mask)) for record in records]
    said += [json.dumps(json_object(shown(record, mask))) for record in records]
    valid, invalid = validate_rows(records, JsonDecoder(payments))
    said += [found.reason for found in invalid]
    assert (len(valid), len(invalid)) == (1, 6)
    assert valid[0][1].name == CANARY
    for line in said:
        assert CANARY not in line and str(CARD) not in line and "Zeph" not in line
    assert '"amount":1.5' in said[0] or '"amount": 1.5' in said[0]
    assert "seen" in said[-7 - 6]


def test_the_examples_of_verify_are_hidden() -> None:
    row: dict[str, Value] = {"cc_num": CARD, "first": CANARY, "last": None, "amt": 1.5}
    counts: dict[str, Any] = {each.name: 0 for each in fields(Parity)}
    given = counts | {"name": "flagged", "late_reason": "", "compacted": (), "missing": 1}
    given |= {"timeliness": None, "recreated": ()}
    record = Input(partition=0, offset=1, arrived_ms=1, late_seconds=0, values={"job": CANARY})
    mismatch = Mismatch(
        kind=Kind.MISSING,
        reason="",
        at=datetime(2024, 3, 1),
        identity=row,
        expected={"dob": CANARY},
        found=None,
        errors={},
        inputs=(record,),
        inputs_total=1,
    )
    parity = Parity(**given | {"mismatches": (mismatch,)})
    mask = Masks(BUILT_IN, KafkaSettings(), LabelSettings()).of("flagged_transactions")
    shown = as_shown(parity, mask, Mask(frozenset({"job"})))
    text = render([shown]) + render_rows(shown)
    assert CANARY in render([parity]) and str(CARD) in render([parity])
    assert CANARY in render_rows(parity)
    assert CANARY not in text and str(CARD) not in text
    assert "cc_num •••• 1385, first ••••, last None, amt 1.5" in text
    assert as_shown(parity, OPEN, OPEN) == parity


def _first_of() -> Any:
    @feature(topic="all", source=payments)
    def everything(rows: Any) -> Any:
        return rows.select(*rows.columns)

    return everything


def test_what_is_not_in_the_schema_cannot_be_sensitive() -> None:
    with pytest.raises(InputError, match="sensitive names 'pin', which is not in the schema"):
        source(topic="t", schema={"at": "timestamp(3)"}, time="at", sensitive="pin")


def test_a_time_cannot_be_sensitive() -> None:
    with pytest.raises(InputError, match="the time column 'at' is sensitive"):
        source(topic="t", schema={"at": "timestamp(3)"}, time="at", sensitive=("at",))


def test_labels_and_verdicts_name_what_is_hidden_where_it_comes_from() -> None:
    cards = source(
        topic="cards",
        schema={"at": "timestamp(3)", "card": "int64", "holder": "string"},
        time="at",
        user="holder",
        identity="card",
        sensitive=("card", "holder"),
    )

    @feature(topic="all", source=cards)
    def everything(rows: Any) -> Any:
        return rows.select(*rows.columns)

    masks = Masks(Registry((*BUILT_IN, everything)), KAFKA, LabelSettings())
    label = json.dumps({"trans_num": str(CARD), "is_fraud": 1}).encode()
    assert masks.of("eu.fraud_labels").json(label) == (
        '{"trans_num":"•••• 1385","is_fraud":1}'.encode()
    )
    subject = Subject(str(CARD), "cards", "signal", CANARY, 0.9)
    key, value = encoded(Verdict.of(subject, Decision.FRAUD, "me", 1_709_290_000, "seen"))
    record = Record("eu.verdicts", 0, 1, 1_709_290_000_000, key, value)
    said = text_line(shown(record, masks.of(f"eu.{LabelSettings().verdicts}")))
    assert str(CARD) not in said and CANARY not in said
    assert '"source":"cards"' in said and '"note":"seen"' in said
    open_ = Masks(BUILT_IN, KAFKA, LabelSettings()).of(f"eu.{LabelSettings().verdicts}")
    assert open_.json(value) == value


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Could not convert string 'Zephyrine' to INT64", "Could not convert string •••• to INT64"),
        ("Could not convert string 'O'Hara' to INT32", "Could not convert string •••• to INT32"),
        ('Casting value "4000.5" to DECIMAL failed', "Casting value •••• to DECIMAL failed"),
        ("Type INT64 with value -400012 is too large", "Type INT64 with value •••• is too large"),
        ("Division by zero", "Division by zero"),
    ],
)  # fmt: skip
def test_what_an_engine_says_of_a_value(said: str, expected: str) -> None:
    assert without_values(said) == expected


def test_no_error_of_duckdb_quotes_what_is_sensitive(caplog: pytest.LogCaptureFixture) -> None:
    def refusal(of: Source) -> InputError:
        with pytest.raises(InputError) as error, workspace((of,)) as connection:
            connection.execute(f"SELECT CAST('{CANARY}' AS BIGINT)")
        return error.value

    plain = source(topic="t", schema={"at": "timestamp(3)"}, time="at")
    assert CANARY in str(refusal(plain))
    hidden = refusal(payments)
    assert "Could not convert string ••••" in str(hidden)
    logging.getLogger().warning("not proved", exc_info=hidden)
    assert "not proved" in caplog.text and CANARY not in caplog.text
