"""The thresholds of signals: declared, given, kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import InputError, JobError
from pipeline.signals.signal import Signal
from pipeline.signals.thresholds import Thresholds
from pipeline.stack import catalog
from pipeline.stack.runtime import Runtime

OWN = '''
from fraudwatch import signal
import ibis

@signal(topic="own_dear", threshold=0.7)
def dear(transaction):
    """Dear ones."""
    return transaction.select(
        "user_id", "trans_date_trans_time", "amt", "is_fraud",
        score=(transaction.amt > 100).ifelse(1.0, 0.0), reasons=ibis.literal("Dear."),
    )
'''


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "own.py"
    file.write_text(OWN)
    return Settings(state_dir=tmp_path / "state", features=(file,))


def test_a_sink_says_what_a_signal_is_judged_by(settings: Settings) -> None:
    sinks = {sink.feature: sink for sink in Runtime(settings).sinks()}
    assert sinks["rolling"].threshold is None
    assert sinks["rolling"].label is None
    for name, threshold in {"rules": settings.rules.threshold, "dear": 0.7}.items():
        sink = sinks[name]
        assert (sink.threshold, sink.amount, sink.label) == (threshold, "amt", "is_fraud")
        assert (sink.user, sink.time) == ("user_id", "trans_date_trans_time")


def test_a_threshold_that_was_given_stays(settings: Settings) -> None:
    runtime = Runtime(settings)
    runtime.set_threshold("dear", 0.25)
    for each in (runtime, Runtime(settings)):
        found = {sink.feature: sink.threshold for sink in each.sinks()}
        assert found["dear"] == 0.25
        assert found["rules"] == settings.rules.threshold
    assert Runtime(settings).sql("dear") == runtime.sql("dear")


def test_what_is_no_threshold_is_refused(settings: Settings) -> None:
    runtime = Runtime(settings)
    for wrong in (0.0, -1.0, 1.01, float("nan")):
        with pytest.raises(InputError, match="from 0 to 1"):
            runtime.set_threshold("dear", wrong)
    with pytest.raises(JobError, match="without a score"):
        runtime.set_threshold("rolling", 0.5)
    with pytest.raises(JobError, match="no job named"):
        runtime.set_threshold("nothing", 0.5)
    assert not settings.thresholds_file.exists()


@pytest.mark.parametrize("text", ["{", '{"dear": "high"}', '{"dear": 2}', "[]", "\xff"])
def test_a_damaged_file_says_so(settings: Settings, text: str) -> None:
    settings.state_dir.mkdir()
    settings.thresholds_file.write_bytes(text.encode("latin1"))
    with pytest.raises(InputError):
        catalog.load(settings)


def test_a_threshold_of_what_is_gone_changes_nothing(settings: Settings) -> None:
    Thresholds(settings.thresholds_file).give("gone", 0.3)
    Thresholds(settings.thresholds_file).give("rolling", 0.3)
    Thresholds(settings.thresholds_file).give("rules", 0.3)
    features = catalog.load(without_files(settings))
    given = {each.name: each.threshold for each in features if isinstance(each, Signal)}
    assert given == {"rules": 0.3}


def without_files(settings: Settings) -> Settings:
    return Settings(state_dir=settings.state_dir)
