"""Jobs on a shared cluster: ownership of jobs and of their state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest

from pipeline.config import FlinkSettings, KafkaSettings, Settings
from pipeline.errors import ChangedError, JobError
from pipeline.flink.answers import JobOverview, Overview
from pipeline.flink.definition import DIGEST_PARAMETER, Definition
from pipeline.flink.jobs import Jobs
from pipeline.flink.rest import FlinkRest
from pipeline.flink.slots import no_slots
from pipeline.flink.submission import Submission, Submitted
from pipeline.model.jobs import JobState, OtherJob, RestorePoint
from pipeline.model.stack import Slots

TOPICS = {"rolling": "r", "flagged": "f"}
KAFKA = KafkaSettings(bootstrap="127.0.0.1:9092")
NOW_IS = Definition(("CREATE TABLE t", "INSERT INTO t SELECT 1"))
WAS = Definition(("CREATE TABLE t", "INSERT INTO t SELECT 2"))


def job(job_id: str, name: str, state: str = "RUNNING", start: int = 1_000) -> JobOverview:
    return JobOverview(id=job_id, name=name, state=state, start=start)


@dataclass
class Cluster(FlinkRest):
    """A Flink in memory: submitted jobs run, and stopped jobs have ended.

    Other requests fail, as there is no connection.
    """

    listed: list[JobOverview] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    causes: dict[str, str] = field(default_factory=dict)
    free: int = 8
    growing: bool = False
    flink_version: str = "2.3.0"
    address: str = "http://127.0.0.1:8081"
    submissions: list[Submission] = field(default_factory=list)

    def jobs(self) -> tuple[JobOverview, ...]:
        return tuple(sorted(self.listed, key=lambda job: -job.start))

    def overview(self) -> Overview:
        return Overview(taskmanagers=1, slots_total=8, slots_free=self.free)

    def grows(self) -> bool:
        return self.growing

    def version(self) -> str:
        return self.flink_version

    def parameters(self, job_id: str) -> dict[str, str]:
        return {DIGEST_PARAMETER: self.digests[job_id]} if job_id in self.digests else {}

    def stop_with_savepoint(self, job_id: str, directory: str) -> str:
        self.listed = [
            job(found.id, found.name, "FINISHED", found.start) if found.id == job_id else found
            for found in self.listed
        ]
        return f"{directory}/savepoint-{job_id}"

    def dispose_savepoint(self, path: str, *, patience: float = 30.0) -> None:
        """Nothing of it is on any disk."""

    def last_state(self, job_id: str) -> RestorePoint | None:
        return RestorePoint("s3://bucket/elsewhere", 5.0, "savepoint") if job_id == "new" else None

    def failure(self, job_id: str) -> str:
        return self.causes.get(job_id, "")

    def submit(self, submission: Submission) -> Submitted:
        self.submissions.append(submission)
        return Submitted(job_id="new")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    flink = FlinkSettings(rest="http://127.0.0.1:8081", savepoints="s3://bucket/savepoints")
    return Settings(kafka=KAFKA, flink=flink, state_dir=tmp_path)


def start(
    jobs: Jobs,
    cluster: Cluster,
    definition: Definition = NOW_IS,
    topic_ids: Mapping[str, str] = MappingProxyType({}),
) -> str:
    with jobs.starting("rolling"):
        prepared = jobs.prepare("rolling", definition, kafka=KAFKA)
        submitted = cluster.submit(prepared.submission)
        return jobs.record_start(prepared, submitted, KAFKA, topic_ids)


def test_other_jobs_are_distinguished_from_ours(settings: Settings) -> None:
    cluster = Cluster(
        [
            job("a", "fraudwatch-rolling", start=2_000),
            job("b", "insert-into_orders", "RESTARTING", start=3_000),
            job("c", "fraudwatch-of-a-colleague"),
            job("d", "etl", "FINISHED", start=9_000),
        ]
    )
    survey = Jobs(cluster, settings).survey(TOPICS)
    assert [(status.name, status.state) for status in survey.ours] == [
        ("rolling", JobState.RUNNING),
        ("flagged", JobState.STOPPED),
    ]
    assert survey.others == (
        OtherJob("insert-into_orders", "RESTARTING", "b", 3.0),
        OtherJob("fraudwatch-of-a-colleague", "RUNNING", "c", 1.0),
    )


def test_a_run_wins_over_a_newer_one_that_has_ended(settings: Settings) -> None:
    cluster = Cluster(
        [
            job("ended", "fraudwatch-rolling", "FAILED", start=9_000),
            job("newer", "fraudwatch-rolling", start=5_000),
            job("older", "fraudwatch-rolling", start=4_000),
        ]
    )
    survey = Jobs(cluster, settings).survey(TOPICS)
    assert survey.ours[0].job_id == "newer"
    # A second run under the name of one of our jobs writes to the same topic, so it has to be
    # listed.
    assert [other.job_id for other in survey.others] == ["older"]


def test_a_job_that_is_restarted_says_why(settings: Settings) -> None:
    cluster = Cluster(
        [job("a", "fraudwatch-rolling", "RESTARTING"), job("b", "fraudwatch-flagged")]
    )
    cluster.causes = {"a": "java.lang.NoClassDefFoundError: zstd", "b": "of an hour ago"}
    rolling, flagged = Jobs(cluster, settings).survey(TOPICS).ours
    assert (rolling.state, rolling.failure) == (JobState.RESTARTING, cluster.causes["a"])
    assert (flagged.state, flagged.failure) == (JobState.RUNNING, "")


@pytest.mark.parametrize("version", ["1.20.1", "1.18", "2.2.0", "3.0-SNAPSHOT", ""])
def test_nothing_is_sent_to_another_version_of_flink(settings: Settings, version: str) -> None:
    cluster = Cluster(flink_version=version)
    with pytest.raises(JobError, match=r"submits jobs to Flink 2\.3"):
        start(Jobs(cluster, settings), cluster)
    assert not cluster.submissions


def test_a_job_says_what_it_computes(settings: Settings) -> None:
    cluster = Cluster()
    start(Jobs(cluster, settings), cluster)
    (submission,) = cluster.submissions
    parameters = submission.options["pipeline.global-job-parameters"]
    assert parameters == f"{DIGEST_PARAMETER}:{NOW_IS.digest}"
    assert WAS.digest != NOW_IS.digest


def test_a_run_of_another_definition_is_not_taken_for_this_one(settings: Settings) -> None:
    cluster = Cluster()
    jobs = Jobs(cluster, settings)
    start(jobs, cluster, WAS)
    # It does not run yet, or no longer.
    jobs.require_same("rolling", NOW_IS)
    cluster.listed = [job("new", "fraudwatch-rolling")]
    jobs.require_same("rolling", WAS)
    with pytest.raises(JobError, match="rolling still runs as it was before it changed") as caught:
        jobs.require_same("rolling", NOW_IS)
    assert "fraudwatch stop rolling" in caught.value.hint
    # What a colleague's run computes is not known here.
    cluster.listed = [job("theirs", "fraudwatch-rolling")]
    jobs.require_same("rolling", NOW_IS)


def adopted(settings: Settings, digest: str | None) -> tuple[Jobs, Cluster]:
    """A run that a colleague has started and we have stopped."""
    cluster = Cluster([job("theirs", "fraudwatch-rolling")])
    if digest is not None:
        cluster.digests["theirs"] = digest
    jobs = Jobs(cluster, settings)
    jobs.stop("rolling")
    return jobs, cluster


def test_a_colleagues_run_is_stopped_and_resumed(settings: Settings) -> None:
    jobs, cluster = adopted(settings, NOW_IS.digest)
    start(jobs, cluster)
    (submission,) = cluster.submissions
    path = submission.options["execution.state-recovery.path"]
    assert path == "s3://bucket/savepoints/savepoint-theirs"


def test_a_colleagues_run_of_another_sql_has_changed(settings: Settings) -> None:
    jobs, cluster = adopted(settings, WAS.digest)
    with pytest.raises(ChangedError, match="rolling has changed since its savepoint") as caught:
        start(jobs, cluster)
    assert not caught.value.original_known
    assert jobs.restore_points("rolling")


def test_of_a_run_that_says_nothing_nothing_is_claimed(settings: Settings) -> None:
    jobs, cluster = adopted(settings, None)
    with pytest.raises(ChangedError, match="The SQL that produced the savepoint of 20"):
        start(jobs, cluster)


def test_a_colleagues_run_replaces_what_ours_was(settings: Settings) -> None:
    cluster = Cluster()
    jobs = Jobs(cluster, settings)
    start(jobs, cluster, WAS)
    cluster.listed = [job("theirs", "fraudwatch-rolling")]
    cluster.digests["theirs"] = NOW_IS.digest
    jobs.stop("rolling")
    start(jobs, cluster, NOW_IS)
    assert len(cluster.submissions) == 2


def test_what_a_colleague_has_stopped_has_not_failed(settings: Settings) -> None:
    cluster = Cluster()
    jobs = Jobs(cluster, settings)
    start(jobs, cluster)
    cluster.listed = [job("new", "fraudwatch-rolling", "FINISHED")]
    (status, _) = jobs.statuses(TOPICS)
    assert (status.state, status.failure) == (JobState.STOPPED, "")
    start(jobs, cluster)
    resumed = cluster.submissions[-1].options["execution.state-recovery.path"]
    assert resumed == "s3://bucket/elsewhere"
    cluster.listed = [job("new", "fraudwatch-rolling", "CANCELED")]
    (status, _) = jobs.statuses(TOPICS)
    assert (status.state, status.failure) == (JobState.FAILED, "Flink says CANCELED")


def test_state_and_rows_are_of_the_topics_that_there_were_at_a_start_without_state(
    settings: Settings,
) -> None:
    table = "CREATE TEMPORARY TABLE `%s` (\n  `a` BIGINT\n) WITH (\n  'topic' = '%s'\n)"
    of_topics = Definition(
        (table % ("t", "in"), table % ("s", "out"), "INSERT INTO s SELECT 'topic'")
    )
    assert (of_topics.topics, of_topics.sink) == (("in", "out"), "out")
    cluster = Cluster()
    jobs = Jobs(cluster, settings)
    assert jobs.topic_ids("rolling") == {}
    start(jobs, cluster, of_topics, {"in": "1", "out": "2"})
    assert jobs.topic_ids("rolling") == {"in": "1", "out": "2"}
    cluster.listed = [job("new", "fraudwatch-rolling")]
    jobs.stop("rolling")
    start(jobs, cluster, of_topics, {"in": "3", "out": "4"})
    assert jobs.topic_ids("rolling") == {"in": "1", "out": "2"}, "it resumes"
    jobs.discard("rolling")
    start(jobs, cluster, of_topics, {"in": "3", "out": "2"})
    assert jobs.topic_ids("rolling") == {"in": "1", "out": "2"}, "old rows are left"
    jobs.discard("rolling")
    start(jobs, cluster, of_topics, {"in": "3", "out": "4"})
    assert jobs.topic_ids("rolling") == {"in": "3", "out": "4"}


def test_no_slots_says_who_has_them(settings: Settings) -> None:
    cluster = Cluster([job("a", "fraudwatch-flagged"), job("b", "etl\x1b[2J")], free=0)
    with pytest.raises(JobError) as caught:
        start(Jobs(cluster, settings), cluster)
    assert caught.value.message == (
        "rolling needs 1 task slot, but 8 of 8 are used."
        " Running: feature jobs flagged; other jobs etl\\x1b[2J."
    )
    assert caught.value.hint == "Stop one of the feature jobs, or have TaskManagers added."
    assert cluster.submissions == []


def test_others_alone_have_the_slots() -> None:
    names = [f"etl-{number}" for number in range(7)]
    error = no_slots("rolling", 4, Slots(8, 1), names, FlinkSettings(rest="http://flink"))
    assert "other jobs etl-0, etl-1, etl-2, etl-3, etl-4 and 2 more." in error.message
    assert "feature jobs" not in error.message
    assert error.hint == "Have TaskManagers added, or set a lower parallelism."
    assert no_slots("rolling", 1, Slots(), [], FlinkSettings()).hint == "Set more slots."


def test_a_cluster_that_grows_is_asked_anyway(settings: Settings) -> None:
    cluster = Cluster(free=0, growing=True)
    assert start(Jobs(cluster, settings), cluster) == "new"
