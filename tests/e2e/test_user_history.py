"""One user's history, read from the real broker."""

from __future__ import annotations

from pathlib import Path

from pipeline.stack.runtime import Runtime
from tui.streams.history import HistoryState
from tui.streams.kafka_history import KafkaHistory
from tui.streams.tutorial_user import TutorialUser

from .conftest import wait_until
from .test_features import FILES, send, transactions


def test_a_users_history_has_no_other_user(stack: Runtime, sample_data: Path) -> None:
    rows = transactions(sample_data / FILES[0])[:3_000]
    user = rows[0].user_id
    mine = [row for row in rows if row.user_id == user]
    send(stack, rows)
    stack.start_job("rolling")
    stack.start_job("tumbling")
    assert stack.verify("rolling").proved
    assert stack.verify("tumbling").proved
    history_state = HistoryState()
    source = KafkaHistory(stack.kafka, TutorialUser(stack.kafka, user))
    try:

        def read() -> bool:
            history_state.apply(source.poll())
            return history_state.history("", 0.0).caught_up

        wait_until(read, 30, "the history")
        history = history_state.history("", 0.0)
        assert [seen.transaction for seen in reversed(history.seen)] == mine[-500:]
        assert (history.total, history.flagged) == (len(mine), sum(row.is_fraud for row in mine))
        assert {row.user_id for row in history.means} == {user}
        assert {row.user_id for row in history.windows} == {user}
        assert sum(seen.mean is not None for seen in history.seen) >= len(history.seen) - 2

        # The live records follow.
        later = transactions(sample_data / FILES[0])[3_000:4_000]
        send(stack, later)
        more = [row for row in later if row.user_id == user]
        assert more
        wait_until(
            lambda: read() and history_state.history("", 0.0).total == len(mine) + len(more),
            30,
            "more",
        )
    finally:
        source.close()
