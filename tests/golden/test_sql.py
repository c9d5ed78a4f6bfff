"""The SQL that each feature compiles to, compared literally.

If a new Ibis or sqlglot compiles a feature differently, a person has to look at it: run
`pytest tests/golden --accept-golden` and read the difference before committing it.
"""

from pathlib import Path

import pytest

from pipeline import features
from pipeline.config import KafkaSettings, RegistrySettings
from pipeline.features import Feature
from pipeline.flink.ddl import compile_query, job_sql
from pipeline.stack import feature_files
from tests import streams

GOLDEN = Path(__file__).parent / "sql"
OWN = [
    streams.FOLDER / name
    for name in (
        "own_features.py",
        "own_sources.py",
        "array_sources.py",
        "avro_nested_sources.py",
        "csv_sources.py",
        "joined_sources.py",
        "protobuf_sources.py",
    )
]
ALL = feature_files.load(OWN)
KAFKA = KafkaSettings(
    bootstrap="127.0.0.1:9092", registry=RegistrySettings(url="http://127.0.0.1:8081")
)


@pytest.mark.parametrize("feature", ALL, ids=lambda feature: feature.name)
def test_feature_compiles_to_the_golden_sql(
    feature: Feature, request: pytest.FixtureRequest
) -> None:
    path = GOLDEN / f"{feature.name}.sql"
    sql = job_sql(feature, KAFKA, f"fraudwatch-{feature.name}")
    if request.config.getoption("--accept-golden"):
        path.write_text(sql)
    assert sql == path.read_text()


def test_every_golden_file_belongs_to_a_feature() -> None:
    names = {feature.name for feature in ALL}
    assert {path.stem for path in GOLDEN.glob("*.sql")} == names


@pytest.mark.parametrize("feature", ALL, ids=lambda feature: feature.name)
def test_interval_precision_is_written_once(feature: Feature) -> None:
    # ibis 12's own compile writes MINUTE(3)(3) for two columns over one window.
    assert ")(" not in compile_query(feature)[1]


def test_sink_fields_are_the_contract() -> None:
    columns = {feature.name: list(feature.columns) for feature in features.BUILT_IN}
    mean, count = "user_mean_trans_amt_last_360min", "user_trans_count_last_360min"
    assert columns["rolling"] == ["user_id", mean, count, "trans_date_trans_time"]
    assert columns["tumbling"] == ["window_start", "window_end", "user_id", mean, count]
    assert set(columns["flagged"]) == {
        *("trans_date_trans_time", "cc_num", "merchant", "category", "amt", "first", "last"),
        *("zipcode", "dob", "trans_num", "is_fraud", "user_id"),
    }


def test_sink_topics_are_the_contract() -> None:
    assert {feature.name: feature.topic for feature in features.BUILT_IN} == {
        "rolling": "user_trans_amt_last_360min",
        "tumbling": "user_trans_amt_last_360min_windowed",
        "flagged": "flagged_transactions",
        "hopping": "user_trans_amt_last_360min_hopping",
        "cumulating": "user_trans_amt_today_cumulating",
    }


def test_quotes_in_an_address_cannot_leave_their_literal() -> None:
    feature = features.BUILT_IN[0]
    kafka = KafkaSettings(bootstrap="a' OR 'b")
    assert "'a'' OR ''b'" in job_sql(feature, kafka, "group")
