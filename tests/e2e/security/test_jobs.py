"""Features on a real cluster, from a secured Kafka; and no secret is visible."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import httpx
import msgspec
import psutil
import pytest

from pipeline import config
from pipeline.config import KafkaSettings, Settings
from pipeline.flink.state import flink_path
from pipeline.model.jobs import JobState
from pipeline.model.simulator import SimulatorCommand
from pipeline.stack.runtime import Runtime

from ..conftest import assert_ended, stack_environment, stack_processes, wait_until
from ..proxy import Proxy
from .secured import CLIENT_SECRET, KEY_PASSWORD, PASSWORD, Secured

JOB = "rolling"
# Unchanged, and as they appear in JSON, in SQL and in a login.
CANARIES = tuple(
    text
    for secret in (PASSWORD, CLIENT_SECRET, KEY_PASSWORD)
    for text in {secret, json.dumps(secret)[1:-1], secret.replace("'", "''")}
)


@dataclass
class Company:
    """A stack with an external secured Kafka and a managed Flink."""

    settings: Settings
    runtime: Runtime


@pytest.fixture(scope="module")
def company(secured: Secured, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    own = config.load(environment=stack_environment(tmp_path_factory.mktemp("company")))
    kafka = msgspec.structs.replace(secured.settings("OAUTHBEARER"), topic_prefix="team.")
    settings = msgspec.structs.replace(own, kafka=kafka)
    runtime = Runtime(settings)
    runtime.bring_up(jobs=False)
    processes = stack_processes(settings)
    runtime.simulate(SimulatorCommand(running=True))
    yield Company(settings, runtime)
    runtime.close()
    assert_ended(processes, patience=20)


def at_the_same_flink(
    company: Company, name: str, kafka: KafkaSettings, *, rest: str = ""
) -> Settings:
    """Another profile, which attaches to both and has the same topics.

    Args:
        company: The stack.
        name: Name of the profile, for its jobs and its state.
        kafka: How it reaches Kafka.
        rest: Address of Flink's REST API; that of the stack if empty.
    """
    kafka = msgspec.structs.replace(kafka, topic_prefix="team.")
    flink = msgspec.structs.replace(
        company.settings.flink,
        rest=rest or company.runtime.status().rest,
        job_prefix=f"{name}-",
        checkpoints=flink_path(company.settings.checkpoints_dir),
        savepoints=flink_path(company.settings.savepoints_dir),
    )
    return msgspec.structs.replace(
        company.settings,
        kafka=kafka,
        flink=flink,
        state_dir=company.settings.state_dir / name,
        profile="attached",
    )


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "PLAIN", "SCRAM-SHA-512", "TLS"])
def test_a_feature_is_right(company: Company, secured: Secured, mechanism: str) -> None:
    attached = mechanism != "OAUTHBEARER"
    settings = company.settings
    if attached:
        settings = at_the_same_flink(company, mechanism, secured.settings(mechanism))
    runtime = Runtime(settings)
    wait_until(lambda: company.runtime.status().simulator.sent > 200, 60, "transactions")
    try:
        assert runtime.start_job(JOB).state is JobState.RUNNING
        assert_right(runtime)
        assert_nothing_leaks(company, runtime)
        runtime.stop_job(JOB, discard=True)
    finally:
        if attached:
            runtime.close()


def test_a_job_to_whose_kafka_and_flink_only_ipv6_leads(company: Company, secured: Secured) -> None:
    if not secured.six:
        pytest.skip("this machine has no IPv6")
    wait_until(lambda: company.runtime.status().simulator.sent > 200, 60, "transactions")
    flink = company.runtime.status().rest
    with closing(Proxy(lambda: flink, six=True)) as proxy:
        assert proxy.address.startswith("http://[::1]:")
        kafka = KafkaSettings(bootstrap=secured.six)
        settings = at_the_same_flink(company, "six", kafka, rest=proxy.address)
        with closing(Runtime(settings)) as runtime:
            assert runtime.start_job(JOB).state is JobState.RUNNING
            assert f"'properties.bootstrap.servers' = '{secured.six}'" in runtime.sql(JOB)
            assert_right(runtime)
            runtime.stop_job(JOB)
            assert runtime.start_job(JOB).state is JobState.RUNNING
            runtime.stop_job(JOB, discard=True)
        assert proxy.passed


def assert_right(runtime: Runtime) -> None:
    """The job's results are right, in the topic with the profile's prefix."""
    assert runtime.status().jobs[0].topic == "team.user_trans_amt_last_360min"
    parity = runtime.verify(JOB)
    assert parity.expected > 0
    assert parity.different == 0
    assert parity.missing == 0


def assert_nothing_leaks(company: Company, runtime: Runtime) -> None:
    """No secret is shown, logged or reported, or in the arguments of a process."""
    shown = {
        "sql": runtime.sql(JOB),
        "status": repr(runtime.status()),
        "detail": repr(runtime.job_detail(JOB)),
        "settings": config.to_json(company.settings).decode(),
    }
    for file in company.settings.state_dir.rglob("*"):
        if file.is_file():
            shown[str(file)] = file.read_bytes().decode("latin-1")
    for process in psutil.process_iter():
        try:
            shown[f"arguments of {process.pid}"] = " ".join(process.cmdline())
        except psutil.Error:
            continue
    shown |= flink_answers(runtime)
    for where, text in shown.items():
        for secret in CANARIES:
            assert secret not in text, where
    assert "***" in shown["sql"]


def flink_answers(runtime: Runtime) -> dict[str, str]:
    """Everything that Flink's REST API returns about a job."""
    status = runtime.status()
    job = next(job for job in status.jobs if job.name == JOB)
    paths = ["", "/config", "/plan", "/exceptions", "/jobmanager/config", "/checkpoints/config"]
    urls = [f"/jobs/{job.job_id}{path}" for path in paths] + ["/jobmanager/config"]
    with httpx.Client(base_url=status.rest, trust_env=False) as client:
        return {url: client.get(url).text for url in urls}


def test_the_state_directory_is_private(company: Company) -> None:
    for path in company.settings.state_dir.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert company.settings.state_dir.stat().st_mode & 0o077 == 0
