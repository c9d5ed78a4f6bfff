"""The headless commands against the real stack, as a script would use them."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline import features
from pipeline.stack.runtime import Runtime

from .conftest import Run, wait_until
from .test_features import FILES, send, transactions


def test_status_has_the_promised_fields(stack: Runtime, fraudwatch: Run) -> None:
    done = fraudwatch("status", "--json")
    assert done.returncode == 0
    status = json.loads(done.stdout)
    assert status["profile"] == "local"
    assert status["kafka"] == {"up": True, "bootstrap": stack.bootstrap}
    assert status["flink"]["up"] is True
    assert status["flink"]["rest"].startswith("http://127.0.0.1:")
    assert status["flink"]["slots"] == {"total": 8, "free": 8}
    assert status["simulator"]["up"] is False
    assert [job["name"] for job in status["jobs"]] == [
        feature.name for feature in features.BUILT_IN
    ]


def test_jobs_start_stop_and_resume(stack: Runtime, fraudwatch: Run) -> None:
    assert fraudwatch("start", "rolling", "flagged").returncode == 0
    jobs = {job["name"]: job for job in json.loads(fraudwatch("jobs", "--json").stdout)}
    assert [jobs[name]["state"] for name in ("rolling", "tumbling", "flagged")] == [
        *("RUNNING", "STOPPED", "RUNNING")
    ]
    assert jobs["rolling"]["topic"] == "user_trans_amt_last_360min"
    first = jobs["rolling"]["job_id"]
    assert fraudwatch("start", "rolling").returncode == 0  # Already running, so left alone.
    assert fraudwatch("stop", "rolling").returncode == 0
    stopped = stack.status().jobs[0]
    assert stopped.savepoint
    assert fraudwatch("start", "rolling").returncode == 0
    again = stack.status().jobs[0]
    assert again.job_id not in ("", first)
    assert fraudwatch("stop", "--all", "--discard").returncode == 0
    assert [job.savepoint for job in stack.status().jobs] == [""] * 5


def test_mistakes_get_a_sentence_and_an_exit_code(stack: Runtime, fraudwatch: Run) -> None:
    for arguments, code, said in (
        (("start", "rollin"), 4, "rollin"),
        (("start",), 2, "--all"),
        (("stop", "rolling"), 4, "does not run"),
        (("sql", "nothing"), 4, "nothing"),
        (("tail", "no-such-topic"), 3, "no-such-topic"),
        (("logs", "nobody"), 5, "nobody"),
        (("replay", "no-such-file.csv"), 5, "no-such-file.csv"),
        (("status", "--profile", "moon"), 2, "moon"),
        (("no-such-command",), 2, "no-such-command"),
    ):
        done = fraudwatch(*arguments)
        assert done.returncode == code, (arguments, done.stderr)
        assert said in done.stderr + done.stdout
        assert "Traceback" not in done.stderr


def test_sql_is_what_runs(fraudwatch: Run) -> None:
    done = fraudwatch("sql", "rolling")
    assert done.returncode == 0
    assert "INSERT INTO `rolling_sink`" in done.stdout
    assert "RANGE BETWEEN INTERVAL '360' MINUTE(3) preceding AND CURRENT ROW" in done.stdout


def test_logs_of_every_process(fraudwatch: Run) -> None:
    names = {line.split()[0] for line in fraudwatch("logs").stdout.splitlines()[1:]}
    assert {"kafka", "flink", "supervisor"} <= names
    assert "started" in fraudwatch("logs", "kafka", "--lines", "20000").stdout


def test_metrics_and_detail_say_how_a_job_is_doing(stack: Runtime, sample_data: Path) -> None:
    rows = transactions(sample_data / FILES[0])
    send(stack, rows[:3_000])
    stack.start_job("tumbling")
    # Far in the past, so dropped as late.
    assert stack.verify("tumbling").proved
    send(stack, rows[:10])

    def complete() -> bool:
        metrics = stack.metrics().get("tumbling")
        return (
            metrics is not None
            and (metrics.records_in or 0) > 0
            and (metrics.records_out or 0) > 0
            and metrics.pending == 0
            # Flink counts late records of one user and window once, since it aggregates them
            # before.
            and 0 < (metrics.late or 0) <= 10
            and metrics.watermark is not None
            and metrics.checkpoint is not None
            and metrics.restarts == 0
        )

    wait_until(complete, 60, "all metrics of tumbling")
    running = stack.job_detail("tumbling")
    assert running.restore_points[0].kind == "checkpoint"
    assert running.restore_points[0].resumes
    assert "TUMBLE(" in running.sql
    assert "WindowAggregate" in running.expression
    assert running.failures == ()
    stack.stop_job("tumbling")
    assert "tumbling" not in stack.metrics()
    stopped = stack.job_detail("tumbling")
    assert [state.kind for state in stopped.restore_points] == ["savepoint"]
    assert stopped.restore_points[0].resumes
