"""A user's own features on the real cluster: started, shown, proved, refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from pipeline.config import Settings
from pipeline.contract import Transaction
from pipeline.errors import JobError
from pipeline.simulator.generator import Generator
from pipeline.stack.bring_up import create_topics
from pipeline.stack.endpoints import Stack
from pipeline.stack.runtime import Runtime
from tests import streams

from ..documents import DOCS, blocks, write_my_features
from ..refused import REFUSED, as_feature
from .conftest import Run, own_features, stack_environment, wait_until
from .test_console import Terminal
from .test_features import send

WRITING = DOCS / "writing-a-feature.md"
OWN = streams.FOLDER / "own_features.py"
# Flink takes these, but they cannot be proved, or have no type that a topic has.
_NOT_FLINKS = {
    *("decimal", "decimal_mean", "array", "distinct"),
    *("no_time", "changed_time", "median", "no_window"),
    *("now", "random", "approximate"),
    *("join", "join_in_time", "asof_join", "union", "in_others", "limit", "sample"),
    *("time_as_text", "day_as_text", "parts_of_match", "mixed"),
}


def some_transactions(count: int) -> list[Transaction]:
    """A few days of transactions."""
    generator = Generator(seed=7, start=datetime(2024, 3, 1), users=50)
    return [generator.next(60.0) for _ in range(count)]


@pytest.fixture
def own(stack: Runtime, stack_settings: Settings) -> Iterator[Runtime]:
    """The stack of this run, with more features."""
    runtime = Runtime(msgspec.structs.replace(stack_settings, features=(OWN,)))
    runtime.fresh()
    yield runtime
    for job in runtime.status().jobs:
        runtime.stop_job(job.name, discard=True)
    runtime.close()


def test_every_kind_of_feature_is_proved(own: Runtime) -> None:
    # Sent first: partitions without records while seven jobs start would count as idle.
    send(own, some_transactions(4_000))
    names = [feature.name for feature in own_features(own)]
    for name in names:
        own.start_job(name)
    for name in names:
        parity = own.verify(name)
        assert parity.proved, parity
        assert (parity.late, parity.duplicates, parity.unread) == (0, 0, 0), parity
        assert parity.equal > 20, parity
        # The results of a window wait for its end.
        assert parity.waiting < parity.expected / 2, parity


def test_the_feature_of_the_documentation(
    stack: Runtime, stack_settings: Settings, fraudwatch: Run, tmp_path: Path
) -> None:
    file = str(write_my_features(tmp_path))
    with_it = ("--features", file)
    send(stack, some_transactions(3_000))
    started = fraudwatch("start", "merchants", *with_it)
    assert started.returncode == 0, started.stderr
    verified = fraudwatch("verify", "merchants", "--json", *with_it)
    assert verified.returncode == 0, verified.stderr
    (report,) = json.loads(verified.stdout)
    assert report["proved"] and report["equal"] > 100
    jobs = json.loads(fraudwatch("jobs", "--json", *with_it).stdout)
    assert [(job["name"], job["state"]) for job in jobs][-1] == ("merchants", "RUNNING")
    tail = fraudwatch(
        *("tail", "merchant_spend_last_60min", "--from", "beginning", "-n", "1", "--json"), *with_it
    )
    assert set(json.loads(tail.stdout)["value"]) == {
        *("window_start", "window_end", "merchant", "spent", "transactions")
    }
    assert "INSERT INTO `merchants_sink`" in fraudwatch("sql", "merchants", *with_it).stdout
    # Without the file there is no such job.
    assert fraudwatch("verify", "merchants").returncode == 4
    assert_console_shows_merchants(stack_settings, file)
    assert fraudwatch("stop", "merchants", "--discard", *with_it).returncode == 0


def test_the_script_of_the_documentation(stack: Runtime, stack_settings: Settings) -> None:
    send(stack, some_transactions(2_000))
    stack.start_job("rolling")
    script = next(block for block in blocks(WRITING, "python") if "Runtime(" in block)
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **stack_environment(stack_settings.state_dir)},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "rolling RUNNING" in done.stdout
    assert re.search(r"1,?\d+ rows are equal, proved: True", done.stdout), done.stdout


def assert_console_shows_merchants(settings: Settings, file: str) -> None:
    """A console with the feature's file shows its rows, filters them, and has its windows."""
    terminal = Terminal(settings, "--features", file)
    try:
        terminal.wait_for(r"\d of 6 running", patience=90)
        terminal.process.send("1Gv")
        terminal.wait_for(r"merchants .*rows", patience=30)
        terminal.wait_for(r"2024-03-0\d \d\d:00:00 +fraud_\S.* +[\d,]+\.\d\d", patience=60)
        terminal.process.send("/")
        terminal.wait_for(r"words, count>5", patience=30)
        terminal.process.send("spent>100")
        terminal.wait_for(r"rows match spent>100", patience=30)
        terminal.process.send("\rq")
        terminal.wait_for(r"of 6 running", patience=30)
        # Its windows come behind the three built-in kinds.
        terminal.process.send("3www")
        terminal.wait_for(r"Windows merchants \d", patience=60)
        terminal.wait_for(r"open 20\d\d-.* closes in", patience=30)
        terminal.wait_for(r"\d:00 → \d\d:00 +[\d,]+ rows?\b", patience=60)
        terminal.process.send("\x03")
        wait_until(lambda: not (terminal.text and terminal.process.isalive()), 60, "the end")
    finally:
        terminal.close()


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in _NOT_FLINKS])
def test_flink_does_refuse(running_stack: Runtime, stack_settings: Settings, name: str) -> None:
    local = Stack(stack_settings)
    endpoints = local.endpoints()
    feature = as_feature(name, REFUSED[name][0])
    create_topics(stack_settings, endpoints.kafka, [feature])
    with pytest.raises(JobError, match="Flink refused"):
        local.submit(local.jobs(endpoints), feature, endpoints.kafka)


def test_a_file_that_cannot_be_used_stops_nothing_else(fraudwatch: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("def half(:\n")
    for arguments in (("jobs",), ("verify",), ("status",)):
        done = fraudwatch(*arguments, "--features", str(broken))
        assert done.returncode == 5
        said = f"fraudwatch: {broken}, line 1: invalid syntax.\n"
        assert done.stderr == f"{said}            Correct the file.\n"
    # Commands that need no feature work.
    assert fraudwatch("simulate", "--off", "--features", str(broken)).returncode == 0
