from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from rich.cells import cell_len

from pipeline.model.jobs import JobState
from pipeline.model.stack import Health, Slots
from tests.snapshot.fakes import STATUS
from tests.snapshot.sample_rows import NOW
from tui.session.view import Phase, Reading, View
from tui.streams.event_clock import EventTime
from tui.streams.snapshot import Snapshot
from tui.widgets.header import header_lines

VIEW = View(
    NOW,
    "local",
    Phase.LIVE,
    NOW,
    reading=Reading(STATUS, NOW),
    data=Snapshot(
        event_times={"transaction": EventTime(datetime(2023, 3, 4, 17, 22, 10))},
        rate=20_104.4,
        transactions_total=1_234_567,
        seen={"flagged": 89},
        lag=12,
        bad=3,
        last_record_at=NOW,
    ),
)


def lines(view: View, width: int) -> tuple[str, str]:
    first, second = header_lines(view, width)
    return "".join(piece.text for piece in first), "".join(piece.text for piece in second)


def test_has_kafka_flink_rate_and_event_time_even_when_narrow() -> None:
    first, second = lines(VIEW, 78)
    for part in ("● kafka", "● flink 3/8", "20,104 tx/s", "2023-03-04 17:22:10"):
        assert part in first
    for part in ("1,234,567 transactions", "89 flagged", "12 unread", "3 unreadable"):
        assert part in second


def test_slots_are_counted_in_one_way_everywhere() -> None:
    first, _ = lines(VIEW, 118)
    assert "● flink 3/8 slots used" in first
    assert str(Slots(8, 5)) == "3 of 8 slots used"


def test_a_count_that_is_not_of_all_there_are_says_so() -> None:
    data = replace(
        VIEW.data, event_times={"transaction": replace(VIEW.data.event_time, older=True)}
    )
    _, second = lines(replace(VIEW, data=data), 78)
    assert "newest 1,234,567 transactions" in second


def test_one_is_not_a_plural() -> None:
    _, second = lines(replace(VIEW, data=replace(VIEW.data, transactions_total=1)), 78)
    assert "1 transaction " in second


def test_has_the_rest_when_wide() -> None:
    first, _ = lines(VIEW, 118)
    assert "local" in first
    assert "sim ×720" in first


@pytest.mark.parametrize("width", [1, 10, 40, 78, 118, 198])
def test_fits_any_width(width: int) -> None:
    down = replace(VIEW, data=replace(VIEW.data, error="all brokers are down " * 20))
    for view in (VIEW, down, replace(VIEW, profile="p" * 300)):
        assert all(cell_len(line) <= width for line in lines(view, width))


def test_old_data_says_how_old_it_is() -> None:
    _, second = lines(replace(VIEW, now=NOW + 61), 118)
    assert "last record 1 min ago" in second


def test_a_start_shows_figures_as_soon_as_there_are_any() -> None:
    starting = replace(VIEW, phase=Phase.STARTING)
    assert lines(starting, 118)[1].strip() == ""
    assert "tx/s" not in lines(starting, 118)[0]
    first, second = lines(replace(starting, reads=True), 118)
    assert "20,104 tx/s" in first
    assert "1,234,567 transactions" in second


def test_a_failed_start_says_what_can_be_done_and_how_old_the_rows_are() -> None:
    failed = replace(VIEW, phase=Phase.FAILED, reads=True, now=NOW + 61)
    _, second = lines(failed, 78)
    wanted = "The stack did not come up; r tries again. Last record 1 min ago."
    assert second.rstrip() == wanted


@pytest.mark.parametrize("health", Health)
def test_every_health_has_a_word(health: Health) -> None:
    view = replace(VIEW, reading=Reading(replace(STATUS, kafka=health, flink=health), NOW))
    first, _ = lines(view, 118)
    assert "kafka" in first
    assert ("kafka  " in first) is (health is Health.UP)


def test_every_job_state_has_a_look() -> None:
    from tui.panels.jobs.jobs_table import _LOOKS

    assert set(_LOOKS) == set(JobState)
