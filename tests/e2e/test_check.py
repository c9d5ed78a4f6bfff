"""`fraudwatch check` on the real stack: limits that hold, limits that do not, exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from pipeline import config
from pipeline.kafka.producer import TopicProducer
from pipeline.simulator import encode
from pipeline.stack.runtime import Runtime

from .conftest import Run, command, stack_environment
from .test_transactions import generated, send


def checks(fraudwatch: Run, *options: str) -> tuple[int, dict[tuple[str, str], dict[str, Any]]]:
    done = fraudwatch("check", "rolling", *options, "--json")
    said = json.loads(done.stdout)
    assert said["holds"] is (done.returncode == 0)
    return done.returncode, {(one["check"], one["subject"]): one for one in said["checks"]}


def test_a_topic_of_nothing_but_invalid_records_is_not_well(
    stack: Runtime, fraudwatch: Run
) -> None:
    stack.start_job("rolling")
    rows = [encode.value(row) for row in generated(50)]
    with TopicProducer(stack.kafka) as producer:
        for row in rows:
            # A time in ISO format with a `T`, which Flink's format rejects.
            producer.send(b"1", re.sub(rb"(\d\d-\d\d) (\d\d:)", rb"\1T\2", row, count=1))
    code, found = checks(fraudwatch)
    assert code == 1
    assert found["transactions", ""]["said"].startswith(
        "all 50 newest records of transaction are invalid: trans_date_trans_time is"
    )
    done = fraudwatch("doctor")
    assert done.returncode == 5
    assert "All 50 newest records of transaction are invalid" in done.stdout


def test_limits_hold_or_do_not(stack: Runtime, fraudwatch: Run) -> None:
    code, found = checks(fraudwatch)
    assert code == 1
    assert found["job", "rolling"]["said"] == "STOPPED"
    assert found["age", "transaction"]["value"] is None

    send(stack, generated(800))
    stack.start_job("rolling")
    stack.verify("rolling")  # Waits until the job has read all records.
    code, found = checks(
        fraudwatch, "--verify", *("--max-lag", "0", "--max-age", "600", "--max-quarantined", "0")
    )
    assert code == 0, found
    assert {one["holds"] for one in found.values()} == {True}
    assert set(found) == {
        *(("stack", ""), ("job", "rolling"), ("lag", "rolling"), ("verify", "rolling")),
        ("transactions", ""),
        *(("age", "transaction"), ("age", "user_trans_amt_last_360min"), ("quarantined", "")),
    }
    assert found["lag", "rolling"]["value"] == 0
    assert 0 < found["age", "user_trans_amt_last_360min"]["value"] < 600
    assert re.match(r"7\d\d of 800 rows equal", found["verify", "rolling"]["said"])

    code, found = checks(fraudwatch, "--max-age", "0")
    assert code == 1
    assert found["age", "transaction"]["holds"] is False
    assert found["lag", "rolling"]["holds"] is None

    done = fraudwatch("check", "rolling", "--max-age", "0")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("✓ stack")
    assert any(line.startswith("✗ age transaction") and "at most 0.0" in line for line in lines)

    # Without names, all jobs have to run.
    assert fraudwatch("check").returncode == 1
    assert fraudwatch("check", "nothing").returncode == 4
    assert fraudwatch("check", "--max-lag", "-1").returncode == 2


def test_bad_records_are_counted_and_prometheus_reads_it(stack: Runtime, fraudwatch: Run) -> None:
    with TopicProducer(stack.kafka) as producer:
        producer.send(b"1", b"{broken")
    code, found = checks(fraudwatch, "--max-quarantined", "0")
    assert (code, found["quarantined", ""]["value"]) == (1, 1)

    done = fraudwatch("check", "rolling", "--max-quarantined", "1", "--prometheus")
    assert done.returncode == 1
    samples = {
        (sample.name, sample.labels.get("job", sample.labels.get("subject", ""))): sample.value
        for family in text_string_to_metric_families(done.stdout)
        for sample in family.samples
    }
    assert samples["fraudwatch_stack_up", ""] == 1
    assert samples["fraudwatch_job_running", "rolling"] == 0
    assert samples["fraudwatch_quarantined_records", ""] == 1
    assert samples["fraudwatch_check_holds", "rolling"] == 0


def test_a_stack_that_is_away_is_exit_code_3(tmp_path: Path) -> None:
    away = command(config.load(environment=stack_environment(tmp_path)))
    done = away("check", "--max-lag", "10")
    assert done.returncode == 3
    assert "Kafka is off" in done.stdout
    done = away("check", "--prometheus")
    assert done.returncode == 3
    assert 'fraudwatch_stack_up{profile="local"} 0.0' in done.stdout
