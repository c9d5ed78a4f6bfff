"""What the dashboard says on a screen of 120 columns, where its layout is that of the pictures."""

from __future__ import annotations

from .fake_source import FakeSource
from .sample_rows import live_batch
from .stage import Stage, box, flowing
from .test_dashboard import (
    broker_gone,
    flink_gone,
    frozen,
    job_stopped,
    live,
    start_failed,
    starting,
    when_live,
)

WIDE = (120, 40)
JOBS = slice(70)
"""The columns of the jobs' panel; the plot is beside it."""


async def test_the_steps_of_a_start_say_how_far_they_are_and_for_how_long() -> None:
    stage, before = starting()
    lines = await stage.lines(WIDE, before)
    stage.backend.gate.set()
    assert flowing(lines[0]) == "fraudwatch local ● kafka ● flink 3/8 slots used sim ×720"
    assert flowing(lines[39]) == "ctrl+p palette ? help q quit"
    assert lines[3:11] == [
        " Starting the stack                                                             4.2 s",
        " ────────────────────────────────────────────────────────────────────────────────────",
        " ✓ Kafka and Flink jars      48 files                                           0.2 s",
        " ✓ Kafka broker              127.0.0.1:9092                                     1.8 s",
        " ⠹ Flink                                                                        2.4 s",
        " ⠹ Topics                                                                       0.3 s",
        " · Simulator",
        " · Feature jobs",
    ]
    assert not any(lines[1:3] + lines[11:39])


async def test_a_failed_start_says_why_below_its_steps() -> None:
    stage, before = start_failed()
    lines = await stage.lines(WIDE, before)
    assert flowing(lines[0]) == "fraudwatch local ○ kafka off ○ flink off"
    assert flowing(lines[39]) == "ctrl+p palette ? help q quit"
    assert lines[3:17] == [
        " The stack did not come up",
        " ────────────────────────────────────────────────────────────────────────────────────",
        " ✓ Kafka and Flink jars      48 files                                           0.2 s",
        " ✗ Kafka broker              it ended with exit code 1                          3.1 s",
        " · Flink",
        " · Topics",
        " · Simulator",
        " · Feature jobs",
        "",
        " The Kafka broker does not start: it ended with exit code 1. Port 9092 does not answer.",
        " See whether it runs with `fraudwatch status`.",
        "",
        " r tries again   q quits",
        "",
    ]
    assert not any(lines[1:3] + lines[17:39])


async def test_a_frozen_console_says_how_much_has_come_since_and_keeps_its_rows() -> None:
    stage, before = frozen()
    lines = await stage.lines(WIDE, before)
    assert flowing(lines[0]) == (
        "fraudwatch local ● kafka ● flink 3/8 slots used 0 tx/s sim ×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == "frozen 520 more since 1,040 transactions 46 flagged 0 unread"
    assert [line[JOBS].rstrip() for line in lines[3:8]] == [
        "─ 1 Jobs 3 of 3 running ──────────────────────────────────────────────",
        " job           state            up      read        lag",
        " ● rolling     running      12 min     104/s         12  → user_…0min",
        " ● tumbling    running      12 min     104/s     25,310  → user_…owed",
        " ● flagged     running        21 s     104/s          0  → flagg…ions",
    ]
    assert flowing(lines[13]) == (
        "─ 2 Users 180 ─ 3 Windows tumbling 9 ─ 4 Flagged 46 ─ 5 Plots ─ 6 Records ─ 7 Signals"
    )
    assert flowing(lines[14]) == "user mean 6 h count trend flags last seen▾ amount updated"
    assert flowing(lines[15]) == "-7911603569390985487 18.40 1 ▁ 2 03-04 17:22:10 12.50 now"
    assert flowing(lines[16]) == ("3489111249932212998 2,189.80 14 ▁ 3 03-04 17:21:29 1,224.69 now")
    ages = {line[104:116].strip() for line in lines[15:39]}
    assert ages == {"now"}
    assert lines[7].endswith("  Waiting for transactions.")


async def test_rows_stay_with_their_age_when_the_broker_is_gone() -> None:
    stage, before = broker_gone()
    lines = await stage.lines(WIDE, before)
    assert flowing(lines[0]) == (
        "fraudwatch local ○ kafka not reachable ● flink 3/8 slots used 0 tx/s sim "
        "×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == "Kafka: all brokers are down. Last record 12 s ago."
    assert [line[JOBS].rstrip() for line in lines[3:8]] == [
        "─ 1 Jobs 3 of 3 running ──────────────────────────────────────────────",
        " job           state            up      read        lag",
        " ● rolling     running      12 min     104/s         12  → user_…0min",
        " ● tumbling    running      12 min     104/s     25,310  → user_…owed",
        " ● flagged     running        33 s     104/s          0  → flagg…ions",
    ]
    assert flowing(lines[13]) == (
        "─ 2 Users 180 ─ 3 Windows tumbling 9 ─ 4 Flagged 46 ─ 5 Plots ─ 6 Records ─ 7 Signals"
    )
    assert flowing(lines[14]) == "user mean 6 h count trend flags last seen▾ amount updated"
    assert flowing(lines[15]) == ("-7911603569390985487 18.40 1 ▁ 2 03-04 17:22:10 12.50 12 s ago")
    assert flowing(lines[16]) == (
        "3489111249932212998 2,189.80 14 ▁ 3 03-04 17:21:29 1,224.69 12 s ago"
    )
    ages = {line[104:116].strip() for line in lines[15:39]}
    assert ages == {"12 s ago"}
    assert lines[2].endswith("Transactions/s 0  peak 520             wall time")
    assert lines[11].endswith("−30 s         −20 s         −10 s        now")


async def test_jobs_stay_as_they_were_when_flink_is_gone() -> None:
    stage, before = flink_gone()
    lines = await stage.lines(WIDE, before)
    assert flowing(lines[0]) == (
        "fraudwatch local ● kafka ○ flink not reachable 0 tx/s sim ×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == (
        "Flink at http://127.0.0.1:8081 does not answer. Last seen 12 s ago."
    )
    assert [line[JOBS].rstrip() for line in lines[3:8]] == [
        "─ 1 Jobs as they were 12 s ago ───────────────────────────────────────",
        " job           state            up      read        lag",
        " ? rolling     running                 104/s         12  → user_…0min",
        " ? tumbling    running                 104/s     25,310  → user_…owed",
        " ? flagged     running                 104/s          0  → flagg…ions",
    ]
    assert flowing(lines[13]) == (
        "─ 2 Users 180 ─ 3 Windows tumbling 9 ─ 4 Flagged 46 ─ 5 Plots ─ 6 Records ─ 7 Signals"
    )
    assert flowing(lines[14]) == "user mean 6 h count trend flags last seen▾ amount updated"
    assert flowing(lines[15]) == ("-7911603569390985487 18.40 1 ▁ 2 03-04 17:22:10 12.50 12 s ago")
    assert flowing(lines[16]) == (
        "3489111249932212998 2,189.80 14 ▁ 3 03-04 17:21:29 1,224.69 12 s ago"
    )
    ages = {line[104:116].strip() for line in lines[15:39]}
    assert ages == {"12 s ago"}
    assert lines[2].endswith("Transactions/s 0  peak 520             wall time")
    assert lines[11].endswith("−30 s         −20 s         −10 s        now")


async def test_a_stopped_job_shows_its_saved_state_a_failed_one_why_and_the_table_its_job() -> None:
    stage, before = job_stopped()
    lines = await stage.lines(WIDE, before)
    assert flowing(lines[0]) == (
        "fraudwatch local ● kafka ● flink 3/8 slots used 0 tx/s sim ×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == "520 transactions 46 flagged 0 unread last record 3 min ago"
    assert flowing(lines[13]) == (
        "─ 2 Users 180 ─ 3 Windows tumbling 0 ─ 4 Flagged 46 ─ 5 Plots ─ 6 Records ─ 7 Signals"
    )
    assert [line[JOBS].rstrip() for line in lines[3:8]] == [
        "─ 1 Jobs 1 of 3 running ──────────────────────────────────────────────",
        " job           state            up      read        lag",
        " ● rolling     running      15 min     104/s         12  → user_…0min",
        " ○ tumbling    stopped                        state saved 3 min ago",
        " ✗ flagged     failed               Kafka topic is not there",
    ]
    assert flowing(lines[14]) == ("open 2023-03-04 12:00 → 18:00 closes in 38 min of event time")
    assert flowing(lines[15]) == (
        "No transactions for 3 min; the watermark stands at 2023-03-04 17:21:52; 3 dropped as late"
    )
    said = "The job tumbling is stopped; s in Jobs starts it."
    assert lines[23] == " " * ((120 - len(said)) // 2) + said
    assert not any(lines[16:23] + lines[24:39])
    assert lines[2].endswith("Transactions/s 0  peak 0               wall time")
    assert lines[11].endswith("−120 s                −60 s               now")
    assert flowing(lines[39]) == (
        "enter open s start x stop V prove p freeze ctrl+p palette ? help q quit"
    )


async def test_help_is_as_high_as_the_screen_and_wide_enough_for_its_sentences() -> None:
    stage = Stage(source=FakeSource(live_batch()))
    top, left, lines = box(await stage.lines(WIDE, when_live(stage, "question_mark")))
    assert (top, left, len(lines), {len(line) for line in lines}) == (1, 15, 38, {89})
    assert lines[0] == "╭─ Keys " + "─" * 80 + "╮"
    assert lines[-1] == "╰" + "─" * 74 + " esc closes ─╯"
    # Without the bar at the side.
    inside = [line[1:-1].rstrip("▁▂▃▄▅▆▇█ ") for line in lines]
    assert inside[2:-1] == [
        "   Jobs panel",
        "   s                   Start the selected job from its saved state",
        "   x                   Stop the selected job, taking a savepoint",
        "   S                   Start every job that is not running",
        "   X                   Stop every job, taking savepoints",
        "   ctrl+d              Cancel the selected job and discard its state",
        "   v                   View the rows that the selected job writes",
        "   V                   Prove the selected job's rows by a batch recomputation",
        "   F5                  Prove the rows of every job, one job after the other",
        "   d                   The rows that its last proof found not to be equal",
        "",
        "   Tables and panels",
        "   enter               Open the selected row: a user, a job, a record",
        "   /                   Filter: words, or fields such as count>5 mean>300 user:-3122",
        "   j ↓                 Next row",
        "   k ↑                 Previous row",
        "   g Home              First row; stay on top as new rows arrive",
        "   G End               Last row",
        "   PgDn                One page down",
        "   PgUp                One page up",
        "   o                   Sort by the next column",
        "   O                   Reverse the sort order",
        "   A C D F L M N U W   Sort by the column with this letter",
        "   c                   Choose which columns are shown",
        "   y                   Copy the id of the selected row; works over SSH",
        "   E                   Export the filtered rows: CSV, JSON lines or Parquet",
        "",
        "   Dashboard",
        "   1                   Go to Jobs",
        "   2                   Go to Users: the latest row of each user",
        "   3                   Go to Windows",
        "   4                   Go to Flagged: what labels or features flag",
        "   5                   Go to Plots",
        "   6                   Records: browse any topic",
        "",
    ]


async def test_side_by_side_all_tables_show_the_same_whichever_has_the_keys() -> None:
    async def shown(table: str) -> list[str]:
        stage, before = live(table)
        return await stage.lines((200, 60), before)

    users = await shown("2")
    assert users[13].startswith("─ 2 Users 180 ─") and "  ─ 3 Windows tumbling 9 ─" in users[13]
    assert "  ─ 4 Flagged 46 ─" in "".join(users[14:])
    assert await shown("3") == users
    assert await shown("4") == users
