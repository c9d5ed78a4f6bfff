"""What the console learns of a feature's topic: its columns, and when its windows end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ibis
import pytest

from pipeline.features import BUILT_IN, Feature, feature
from pipeline.model.sinks import SinkColumn, WindowShape
from pipeline.stack import feature_files
from tests import streams

HOUR = timedelta(hours=1)


def named(name: str) -> Feature:
    (found,) = feature_files.load((streams.FOLDER / "own_features.py",)).find([name])
    return found


@pytest.mark.parametrize(
    ("name", "windows"),
    [
        ("tumbling", WindowShape(6 * HOUR, 6 * HOUR)),
        ("hopping", WindowShape(6 * HOUR, HOUR)),
        ("cumulating", WindowShape(24 * HOUR, HOUR, cumulates=True)),
        ("rolling", None),
        ("flagged", None),
    ],
)
def test_built_in(name: str, windows: WindowShape | None) -> None:
    (found,) = BUILT_IN.find([name])
    assert found.sink.windows == windows
    assert found.sink.topic == found.topic


@pytest.mark.parametrize("name", ["gas_stations", "cents", "busy_hours", "everybody"])
def test_windows_of_filtered_and_computed_rows(name: str) -> None:
    assert named(name).sink.windows == WindowShape(HOUR, HOUR)


def test_columns_say_what_is_computed() -> None:
    assert named("busy_users").sink.columns == (
        SinkColumn("user_id", "int64", computed=False),
        SinkColumn("trans_date_trans_time", "timestamp(3)", computed=False),
        SinkColumn("n", "int64", computed=True),
    )


def test_windows_that_do_not_end_at_the_epochs_multiples_are_unknown() -> None:
    @feature(topic="own_shifted")
    def shifted(transaction: Any) -> Any:
        shift = ibis.interval(minutes=30)
        windows = transaction.window_by(transaction.trans_date_trans_time)
        return windows.tumble(size=ibis.interval(hours=1), offset=shift).agg(
            by=["user_id"], n=ibis._.count()
        )

    assert shifted.sink.windows is None
    assert [column.name for column in shifted.sink.columns][:2] == ["window_start", "window_end"]
