"""Streams in Protobuf on the real broker and the real cluster, read with compiled classes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from random import Random
from shutil import copy
from typing import Any, Final
from uuid import uuid4

import pytest
from google.protobuf.message_factory import GetMessageClass

from pipeline.config import Settings
from pipeline.formats.json.flink_json import row_reader
from pipeline.formats.protobuf.message import message_of
from pipeline.kafka.read_to_end import read_to_end
from pipeline.stack.runtime import Runtime
from tests import streams
from tests.streams.protobuf_sources import garbled, logins, payments

from .conftest import Run, command, own_features
from .own_streams import Keyed, send, with_features

FILES: Final = ("protobuf_sources.py", "payment.proto", "money.proto")
START: Final = datetime(2024, 3, 1, 9, tzinfo=UTC)
PAYMENTS: Final = 1_000
LOGINS: Final = 300
GARBLED: Final = 600
ACCOUNTS: Final = ("DE89 3704", "", "ü", 'say "no"')
_TOO_LONG: Final = b"\x48" + b"\x80" * 9 + b"\x6c"
"""A serial number of ten bytes with more than 64 bits, of which Flink makes the smallest one."""
_INVALID: Final = (b"\xff\x01", b"\x12\x01\xff", b"\x12\x02me", b"", None)
"""No message, no UTF-8, no time, and nothing at all."""


def generated() -> Iterator[Any]:
    """Payments, with their serial numbers from 0."""
    random, kind = Random(5), GetMessageClass(message_of(payments))
    for number in range(PAYMENTS):
        made: Any = kind(serial=number, account=random.choice(ACCOUNTS))
        made.booked_at.FromDatetime(
            START + timedelta(milliseconds=number * 4_000 - random.randrange(20_000))
        )
        made.amount = random.randrange(-5_000, 5_000_000) / 100
        made.channel = random.choice([0, 1, 2, 9])
        made.chargeback = random.random() < 0.1
        made.items = random.choice([0, 1, 2**32 - 1])
        made.score = random.choice([0.0, 0.25, -0.5])
        made.change = random.choice([-(2**63), 0, 7])
        if random.random() < 0.5:
            made.fee.cents = random.randrange(3)
            made.installments = random.randrange(2)
            made.tip.value = random.randrange(2)
        for _ in range(random.randrange(3)):
            made.tags.append(random.choice(["", "a", "ü"]))
            card = made.cards.add(number=random.choice(["", "4111"]))
            if random.random() < 0.5:
                card.issued.FromMilliseconds(random.choice([-1, 0, 1_709_283_600_123]))
        yield made


def _payments() -> Iterator[Keyed]:
    """The payments as they are sent, with invalid records between them."""
    for made in generated():
        value = made.SerializeToString()
        if made.serial == PAYMENTS - 1:
            value += _TOO_LONG
        yield made.account.encode(), value
        if made.serial % 100 == 50:
            yield from ((b"bad", bad) for bad in _INVALID)


def _logins() -> Iterator[Keyed]:
    yield b"", b""  # A message of defaults, as its time is no message.
    kind = GetMessageClass(message_of(logins))
    for number in range(LOGINS):
        at = int(START.timestamp() * 1_000) + number * 900
        made: Any = kind(at_ms=at, user=f"u{number % 7}")
        yield made.user.encode(), made.SerializeToString()


def _garbled() -> Iterator[bytes]:
    """Logins in whose bytes something is wrong, mostly in their numbers."""
    random, kind = Random(7), GetMessageClass(message_of(garbled))
    for number in range(GARBLED):
        made: Any = kind(at_ms=random.choice([number, 1_709_283_600_000]), user=str(number))
        value = bytearray(made.SerializeToString())
        kinds = random.randrange(5)
        if kinds < 2:
            for _ in range(1 + kinds):
                value[random.randrange(len(value))] = random.randrange(256)
        elif kinds == 2:
            value = value[: random.randrange(len(value))]
        elif kinds == 3:
            value += bytes(random.randrange(256) for _ in range(random.randrange(1, 9)))
        else:
            # Of a field that the message does not have, so that the time stays as it is.
            value += b"\x18" + bytes([random.randrange(128, 256)] * 9 + [random.randrange(128)])
        yield bytes(value)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A features file with the .proto files beside it, which a test may change."""
    folder = tmp_path_factory.mktemp("my features")
    for name in FILES:
        copy(streams.FOLDER / name, folder)
    return folder / "protobuf_sources.py"


@pytest.fixture(scope="module")
def fraudwatch(stack_settings: Settings, own: Path) -> Run:
    return command(stack_settings, {"FRAUDWATCH_FEATURES": str(own)})


@pytest.fixture(scope="module")
def plain(running_stack: Runtime, stack_settings: Settings, own: Path) -> Iterator[Runtime]:
    """The stack of this run, with three streams in Protobuf and a job for each feature."""
    with with_features(running_stack, stack_settings, own) as runtime:
        send(runtime, payments.topic, _payments())
        send(runtime, logins.topic, _logins())
        send(runtime, garbled.topic, ((b"", value) for value in _garbled()))
        for feature in own_features(runtime):
            runtime.start_job(feature.name)
        yield runtime


def test_features_over_protobuf_are_proved(plain: Runtime) -> None:
    bad = PAYMENTS // 100 * len(_INVALID)
    read = {
        "protobuf_spend": (PAYMENTS, bad),
        "protobuf_as_read": (PAYMENTS, bad),
        "protobuf_logins": (LOGINS + 1, 0),
    }
    for name, counts in read.items():
        parity = plain.verify(name)
        assert parity.proved, parity
        assert (parity.transactions, parity.bad) == counts, parity
        assert parity.late == 0, parity


def test_what_is_broken_is_read_alike(plain: Runtime) -> None:
    parity = plain.verify("protobuf_garbled")
    assert parity.proved, parity
    assert parity.transactions > GARBLED / 4 and parity.bad > GARBLED / 4, parity


def test_every_type_is_read_as_it_was_written(plain: Runtime) -> None:
    (feature,) = plain.features.find(["protobuf_as_read"])
    read = row_reader(feature.columns)
    records = chain.from_iterable(read_to_end(plain.kafka, feature.topic))
    rows = {row.serial: row for row in (read(record.value) for record in records)}
    sent = {made.serial: made for made in generated()}
    # Of the last one, Flink makes another number.
    assert rows.keys() - sent.keys() == {-(2**63)} and len(rows) == PAYMENTS
    for serial in range(PAYMENTS - 1):
        row, made = rows[serial], sent[serial]
        assert row.booked_at == made.booked_at.ToDatetime()
        assert (row.account, row.amount, row.change) == (made.account, made.amount, made.change)
        assert row.channel == {0: "UNKNOWN", 1: "APP", 2: "SHOP", 9: "UNRECOGNIZED"}[made.channel]
        assert (row.chargeback, row.score) == (made.chargeback, made.score)
        assert row.items == (-1 if made.items > 1 else made.items)
        assert row.fee == (made.fee.cents if made.HasField("fee") else None)
        assert row.tip == (made.tip.value if made.HasField("tip") else None)
        assert (row.installments, row.branch) == (made.installments, 0)
        first = made.cards[0] if made.cards else None
        assert row.first_card == (first and first.number)
        issued = first is not None and first.HasField("issued")
        assert row.issued == (first.issued.ToDatetime() if first and issued else None)
        assert row.second_tag == (made.tags[1] if len(made.tags) > 1 else None)


@pytest.mark.usefixtures("plain")
def test_records_of_a_source_are_shown_and_listed(fraudwatch: Run) -> None:
    tailed = fraudwatch("tail", payments.topic, "--from", "beginning", "--no-follow", "--json")
    assert tailed.returncode == 0, tailed.stderr
    values = [json.loads(line)["value"] for line in tailed.stdout.splitlines()]
    shown = {value["serial"] for value in values if isinstance(value, dict)}
    assert shown >= set(range(PAYMENTS - 1))
    listed = fraudwatch("quarantine", "-n", "5000", "--json")
    assert listed.returncode == 0, listed.stderr
    invalid = json.loads(listed.stdout)["records"]
    kinds = Counter(each["kind"] for each in invalid if each["topic"] == payments.topic)
    assert kinds == {"not Protobuf": 20, "no value": 20, "field missing": 10}


def test_what_inspect_prints_reads_the_same_records(
    plain: Runtime, fraudwatch: Run, own: Path, tmp_path: Path
) -> None:
    proto = str(own.with_name("payment.proto"))
    printed = fraudwatch("inspect", payments.topic, "--schema", proto, "--message", "Payment")
    assert printed.returncode == 0, printed.stderr
    pasted = tmp_path / "pasted.py"
    pasted.write_text(
        f"{printed.stdout}\nfrom fraudwatch import feature\n\n"
        f'@feature(topic="protobuf_pasted", source={payments.name})\n'
        "def protobuf_pasted(rows):\n"
        '    return rows.select("booked_at", "account", "fee_cents")\n'
    )
    for step in ("start", "verify"):
        done = fraudwatch(step, "protobuf_pasted", "--features", str(pasted))
        assert done.returncode == 0, done.stdout + done.stderr
    stopped = fraudwatch("stop", "protobuf_pasted", "--discard", "--features", str(pasted))
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr


def test_a_changed_file_counts_for_the_next_start(
    plain: Runtime, own: Path, fraudwatch: Run, tmp_path: Path
) -> None:
    name, proto = "protobuf_logins", own.with_name("payment.proto")
    before = len(list(chain.from_iterable(read_to_end(plain.kafka, logins.topic))))
    plain.stop_job(name)
    text = proto.read_text()
    proto.write_text(text.replace("string user = 2;", "strin user = 2;"))
    refused = fraudwatch("start", name)
    assert refused.returncode != 0
    assert f'{proto} cannot be compiled (50:3: "strin" is not defined.)' in refused.stderr
    # A new number, so that no jar of an earlier run will do.
    added = f"string user = 2;\n  string note = {uuid4().int % 10_000 + 100};"
    proto.write_text(text.replace("string user = 2;", added))
    started = fraudwatch("start", name)
    assert started.returncode == 0, started.stderr
    assert "starting from its savepoint" in started.stderr
    assert "compiling payment.proto" in started.stderr
    rows = tmp_path / "logins.csv"
    rows.write_text(f"at_ms,user\n{START + timedelta(hours=1):%Y-%m-%d %H:%M:%S},u1\n")
    sent = fraudwatch("replay", str(rows), "--source", logins.topic)
    assert sent.returncode == 0, sent.stderr
    parity = plain.verify(name)
    assert parity.proved, parity
    assert (parity.transactions, parity.late) == (before + 1, 0), parity
