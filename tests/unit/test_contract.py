"""The data contract: one definition, and the records and features that have to match it."""

from datetime import timedelta

import msgspec
import pytest

from pipeline import contract, features
from pipeline.contract import CumulatingRow, RollingRow, Transaction, WindowRow
from pipeline.features.feature import source_table
from pipeline.sources import TRANSACTION


def test_topic_time_and_key_are_the_contract() -> None:
    assert contract.TRANSACTION_TOPIC == "transaction"
    assert contract.TIME_COLUMN == "trans_date_trans_time"
    assert contract.KEY_COLUMN == "user_id"
    assert timedelta(seconds=15) == contract.WATERMARK_DELAY
    assert contract.PARTITIONS == 4


def test_the_tables_types_are_the_tutorials() -> None:
    types = {name: str(dtype) for name, dtype in source_table(TRANSACTION).schema().items()}
    assert types == contract.TRANSACTION_FIELDS
    assert types["trans_date_trans_time"] == "timestamp(3)"
    assert (types["user_id"], types["cc_num"], types["is_fraud"]) == ("int64", "int64", "int32")
    assert {types[name] for name in ("zipcode", "dob", "trans_num", "merchant")} == {"string"}
    assert types["amt"] == "float64"


@pytest.mark.parametrize(
    ("record", "columns"),
    [
        (Transaction, contract.TRANSACTION_FIELDS),
        (RollingRow, features.BUILT_IN.find(["rolling"])[0].columns),
        (WindowRow, features.BUILT_IN.find(["tumbling"])[0].columns),
        (WindowRow, features.BUILT_IN.find(["hopping"])[0].columns),
        (CumulatingRow, features.BUILT_IN.find(["cumulating"])[0].columns),
        (Transaction, features.BUILT_IN.find(["flagged"])[0].columns),
    ],
)
def test_records_have_the_fields_of_their_topic(
    record: type[msgspec.Struct], columns: dict[str, str]
) -> None:
    assert record.__struct_encode_fields__ == tuple(columns)


def test_rows_are_identified_by_columns_that_are_not_computed() -> None:
    rolling, tumbling, flagged = features.BUILT_IN.find(["rolling", "tumbling", "flagged"])
    assert rolling.identity == ("user_id", "trans_date_trans_time")
    assert tumbling.identity == ("window_start", "window_end", "user_id")
    assert rolling.measures == tumbling.measures
    assert flagged.measures == ()
    assert [f.event_time for f in (rolling, tumbling)] == ["trans_date_trans_time", "window_end"]
    assert rolling.description.startswith("Mean amount")
