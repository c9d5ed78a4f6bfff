"""Streams in a file of the user: what features make of them, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import KafkaSettings
from pipeline.errors import InputError
from pipeline.features import BUILT_IN
from pipeline.flink.ddl import job_sql
from pipeline.sources import TRANSACTION
from pipeline.stack import feature_files
from pipeline.stack.bring_up import create_topics
from tests import streams

from ...documents import write_my_payments

OWN = streams.FOLDER / "own_sources.py"
KAFKA = KafkaSettings(bootstrap="kafka.example.org:9092")
HEAD = """import ibis
from fraudwatch import feature, source

payments = source(
    topic="payments",
    schema={"at": "timestamp(3)", "account": "string", "amount": "decimal(12, 2)"},
    time="at",
)
"""
FEATURE = """

@feature(topic="large_payments", source=payments)
def large(payments):
    return payments.filter(payments.amount > 1000)
"""


def write(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def refused(*paths: Path) -> str:
    with pytest.raises(InputError) as caught:
        feature_files.load(paths)
    return str(caught.value)


def test_the_source_of_the_documentation(tmp_path: Path) -> None:
    spend = feature_files.load([write_my_payments(tmp_path)])[-1]
    assert (spend.name, spend.source.topic) == ("spend", "payments")
    assert spend.columns == {
        "account": "string",
        "booked_at": "timestamp(3)",
        "spent": "decimal(38, 2)",
        "payments": "int64",
    }


def test_several_streams_side_by_side() -> None:
    registry = feature_files.load([OWN])
    topics = [source.topic for source in registry.sources]
    assert topics == [TRANSACTION.topic, "payments.v2", "2fa-logins", "visits", "ticks"]
    spend = registry.find(["spend"])[0]
    assert spend.identity == ("account", "booked_at")
    assert spend.event_time == "booked_at"
    assert spend.columns["spent"] == "decimal(38, 2)"


def test_every_topic_that_is_read_is_created(monkeypatch: pytest.MonkeyPatch) -> None:
    created: list[str] = []
    monkeypatch.setattr(
        "pipeline.stack.bring_up.topics.create_topics",
        lambda _kafka, names, **_: created.extend(names),
    )
    from pipeline import config

    registry = feature_files.load([OWN])
    create_topics(config.load(environment={}), KAFKA, registry)
    assert sorted(created) == sorted(
        {*(each.topic for each in registry), *(each.source.topic for each in registry)}
    )


def test_a_prefix_holds_for_the_users_own_topics(tmp_path: Path) -> None:
    large = feature_files.load([write(tmp_path, HEAD + FEATURE)])[-1]
    kafka = KafkaSettings(bootstrap="kafka.example.org:9092", topic_prefix="team.")
    sql = job_sql(large, kafka, "group")
    assert "'topic' = 'team.payments'" in sql and "'topic' = 'team.large_payments'" in sql


def test_a_stream_is_declared_once_and_imported(tmp_path: Path) -> None:
    write(tmp_path, HEAD, "streams_of_mine.py")
    imports = "from fraudwatch import feature\nfrom streams_of_mine import payments\n"
    first = write(tmp_path, imports + FEATURE)
    second = write(tmp_path, imports + FEATURE.replace("large", "huge"), "second.py")
    registry = feature_files.load([first, second])
    assert [feature.source.topic for feature in registry[len(BUILT_IN) :]] == ["payments"] * 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # The line of the call, wherever in it the fault is.
        (HEAD.replace('time="at"', 'time="when"'), "line 4: source 'payments': there is no time"),
        (HEAD.replace('"string"', '"json"'), "line 4: source 'payments': column 'account': 'json'"),
        (
            HEAD.replace('time="at",', 'time="at", format="protobuf"'),
            "line 4: source 'payments': a source in protobuf needs a message and a proto.",
        ),
        (
            HEAD.replace('time="at",', 'time="at", format="csv", paths={"account": "a.b"},'),
            "line 4: source 'payments': paths are for JSON, Protobuf and Avro",
        ),
        (HEAD.replace('    time="at",\n', ""), "line 4: TypeError: source() missing"),
        (
            HEAD + FEATURE.replace("source=payments", 'source="payments"'),
            "line 11: The source of a feature is 'payments', but must be a source. Declare it",
        ),
        (
            HEAD + FEATURE.replace('topic="large_payments"', 'topic="payments"'),
            "line 11: large would write to 'payments', which it reads. Choose",
        ),
        (
            HEAD + FEATURE.replace('topic="large_payments"', 'topic="transaction"'),
            "line 11: large would write to 'transaction', which rolling reads. Choose",
        ),
        (
            HEAD.replace('topic="payments"', 'topic="flagged_transactions"') + FEATURE,
            "line 11: large would read 'flagged_transactions', to which flagged writes.",
        ),
        (
            HEAD.replace('topic="payments"', 'topic="transaction"') + FEATURE,
            "line 11: large reads 'transaction', which is declared in another way, too.",
        ),
        (
            HEAD.replace('topic="payments"', 'topic="large_sink"') + FEATURE,
            "would both be called 'large_sink'. Give the function another name.",
        ),
        (
            HEAD + FEATURE.replace("payments.filter(payments.amount > 1000)", "payments.count()"),
            "large returns a IntegerScalar, but must return a table.",
        ),
        (
            HEAD
            + FEATURE.replace("payments.filter(payments.amount > 1000)", "payments[['amount']]"),
            "nothing says when they are final. Select payments.at too.",
        ),
        (
            HEAD
            + FEATURE.replace(
                "payments.filter(payments.amount > 1000)",
                "payments.select('at', half=payments.amount / 2)",
            ),
            "it divides decimals, as a mean does",
        ),
        (
            HEAD
            + FEATURE.replace(
                "payments.filter(payments.amount > 1000)",
                "payments.select('at', At=payments.account)",
            ),
            "its columns 'at' and 'At' differ in capital letters alone. DuckDB, which proves it",
        ),
        (
            HEAD + FEATURE.replace("source=payments", "source=[payments]"),
            "line 11: The sources of a feature are a list, but must be in round brackets.",
        ),
        (
            HEAD + FEATURE.replace("source=payments", "source=source"),
            "line 11: The source of a feature is a function, but must be a source.",
        ),
        (
            HEAD + FEATURE.replace("(payments):", "():"),
            "line 11: large must take 1 table, one for each source. Write `def large(payments):`.",
        ),
        (
            HEAD + FEATURE.replace("(payments):", "(payments, logins):"),
            "line 11: large must take 1 table, one for each source.",
        ),
        (
            HEAD + 'large = feature(topic="large", source=payments)(lambda payments: payments)\n',
            "line 9: What becomes a feature is a function, but must be a function with a name.",
        ),
        (
            HEAD + '@feature(topic="large", source=payments)\nclass Large:\n    pass\n',
            "line 9: What becomes a feature is a class, but must be a function with a name.",
        ),
        (
            HEAD + FEATURE.replace("@feature", '@feature(topic="two", source=payments)\n@feature'),
            "line 11: What becomes a feature is a Feature, but must be a function with a name.",
        ),
        (
            HEAD.replace("time=", "zeit=") + FEATURE,
            "line 4: TypeError: source() got an unexpected keyword argument 'zeit'. "
            "Its arguments, each by its name: topic, schema, time, watermark,",
        ),
    ],
)
def test_refused_with_the_line(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    found = refused(path)
    assert found.startswith(f"{path}, line ") and said in found, found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("topic", "changed", "said"),
    [
        ("payments", '"int64"', "huge reads 'payments', which is declared in another way, too."),
        ("pay-ments", '"string"', "whose table would be 'pay_ments', as that of 'pay_ments'."),
    ],
)
def test_two_declarations_of_one_name(tmp_path: Path, topic: str, changed: str, said: str) -> None:
    first_topic = "payments" if topic == "payments" else "pay_ments"
    head = HEAD.replace('topic="payments"', f'topic="{first_topic}"')
    first = write(tmp_path, head + FEATURE)
    other = HEAD.replace('topic="payments"', f'topic="{topic}"').replace('"string"', changed)
    second = write(tmp_path, other + FEATURE.replace("large", "huge"), "second.py")
    found = refused(first, second)
    assert found.startswith(f"{second}, line 11: ") and said in found, found
