"""The lifecycle of feature jobs: start from state, stop with a savepoint, report the status."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipeline import private_file
from pipeline.config import KafkaSettings, Settings
from pipeline.config.secret import reveal
from pipeline.errors import ChangedError, JobError
from pipeline.kafka import security
from pipeline.model.jobs import JobStatus, OtherJob, RestorePoint, Resume

from .answers import JobOverview
from .definition import DIGEST_PARAMETER, SESSION_TIME_ZONE, Definition
from .java_client import address_options, tls_options
from .job_status import newest_by_name, status_of
from .journal import Entry, Journal, Savepoint
from .rest import TERMINAL, TROUBLED, FlinkRest
from .restore_points import restore_points
from .slots import require_slots
from .state import state_store
from .submission import STATE_PATH, PreparedJob, Submission, Submitted
from .version import check_version

Report = Callable[[str], None]

MOST_SAVEPOINTS: Final = 3


@dataclass(frozen=True, slots=True)
class Survey:
    """What runs on a cluster: the requested feature jobs, and all others."""

    ours: tuple[JobStatus, ...]
    others: tuple[OtherJob, ...]


class Jobs:
    """Starts, stops and describes the feature jobs of one cluster.

    Args:
        rest: The cluster.
        settings: Settings of the profile, with the directories for state and the journal.
    """

    def __init__(self, rest: FlinkRest, settings: Settings) -> None:
        self._rest = rest
        self._settings = settings
        self._state = state_store(settings, rest)
        self._journal = Journal(settings.journal_file)

    def statuses(self, topics: Mapping[str, str]) -> tuple[JobStatus, ...]:
        """Return the status of each feature's job; see `survey`."""
        return self.survey(topics).ours

    def survey(self, topics: Mapping[str, str]) -> Survey:
        """Return the status of each feature's job, and the other jobs on the cluster.

        Args:
            topics: Sink topic by feature name, for the features of interest.
        """
        listed = self._rest.jobs()
        newest = newest_by_name(listed)
        entries = self._journal.entries()
        statuses = []
        for name, topic in topics.items():
            entry = entries.get(name, Entry())
            job = newest.get(self.job_name(name))
            statuses.append(status_of(name, topic, job, entry, self._failure(entry, job)))
        shown = {status.job_id for status in statuses}
        others = tuple(
            OtherJob(job.name, job.state, job.id, job.start / 1000)
            for job in listed
            if job.state not in TERMINAL and job.id not in shown
        )
        return Survey(tuple(statuses), others)

    def job_name(self, name: str) -> str:
        """Return the name of a feature's job in Flink, distinct from other people's jobs.

        It is also the consumer group under which the job commits its offsets.
        """
        return self._settings.flink.job_prefix + name

    @contextmanager
    def starting(self, name: str) -> Iterator[None]:
        """Keep others from starting a job meanwhile.

        Two consoles may start a job at once, and the supervisor restarts lost jobs.
        """
        with private_file.locked(self._settings.state_dir / f"start-{name}"):
            yield

    def prepare(
        self,
        name: str,
        definition: Definition,
        *,
        kafka: KafkaSettings,
        resume: Resume = Resume.UNCHANGED,
        report: Report = lambda _: None,
    ) -> PreparedJob:
        """Return what to submit to start a job, from its newest restore point if there is one.

        Args:
            name: The feature's name.
            definition: What it computes.
            kafka: The Kafka cluster as Flink reaches it.
            resume: What to do with state that another definition produced.
            report: Called with what is being done.

        Raises:
            JobError: Flink's version is another, there are not enough free slots, or the job has
                changed since its state was taken.
        """
        # First of all, so that no state is discarded for a job that cannot start.
        check_version(self._rest)
        parallelism = self._settings.parallelism
        require_slots(self._rest, name, parallelism, self._settings.flink)
        chosen = self._chosen(name, definition, resume, report)
        restored = self.resume_point(name)
        report(f"starting from {_state_label(restored)}" if restored else "starting without state")
        options = self._options(name, parallelism, restored)
        options["pipeline.global-job-parameters"] = f"{DIGEST_PARAMETER}:{chosen.digest}"
        return PreparedJob(name, chosen, Submission(chosen.at(kafka, reveal), options))

    def record_start(
        self,
        prepared: PreparedJob,
        submitted: Submitted,
        kafka: KafkaSettings,
        topic_ids: Mapping[str, str],
    ) -> str:
        """Record that a job was submitted, and return its id.

        Args:
            prepared: The job.
            submitted: What became of it.
            kafka: The Kafka cluster as Flink reaches it.
            topic_ids: Ids of its topics by name, which are recorded if it begins without state.

        Raises:
            JobError: Flink refused the job.
        """
        name = prepared.name
        if submitted.error:
            raise JobError(
                f"Flink refused the job {name}: {security.redacted(submitted.error, kafka)}.",
                "Look at `fraudwatch logs` and `fraudwatch sql`.",
            )
        changes: dict[str, object] = {"wanted": True, "job_id": submitted.job_id}
        if not prepared.submission.resumes:
            changes["topic_ids"] = self._journal.entry(name).begun_with(
                topic_ids, prepared.definition.sink
            )
        self._journal.update(name, definition=prepared.definition, **changes)
        return submitted.job_id

    def _chosen(
        self, name: str, definition: Definition, resume: Resume, report: Report
    ) -> Definition:
        """Return the definition to run: state can only be restored by the one that produced it."""
        entry = self._journal.entry(name)
        if resume is Resume.FRESH:
            self.discard(name, report)
        elif entry.digest != definition.digest and (points := self.restore_points(name)):
            if resume is Resume.AS_BEFORE and entry.definition is not None:
                return entry.definition
            raise ChangedError(
                name,
                _described(points[0]),
                certain=bool(entry.digest),
                original_known=entry.definition is not None,
            )
        return definition

    def lost(self, seen: frozenset[str]) -> dict[str, Definition]:
        """Return the jobs that Flink has lost, by name.

        A JobManager that dies loses its jobs: its successor has never heard of them.

        Args:
            seen: Ids of jobs that ran on this cluster.
        """
        gone = seen - {job.id for job in self._rest.jobs()}
        return {
            name: entry.definition
            for name, entry in self._journal.entries().items()
            if entry.wanted and entry.job_id in gone and entry.definition is not None
        }

    def running_id(self, name: str) -> str:
        """Return Flink's id of a job that runs; empty when it does not."""
        running = self._running(name)
        return running.id if running is not None else ""

    def require_same(self, name: str, wanted: Definition) -> None:
        """Return if a job does not run, or runs this definition, as far as is known.

        Raises:
            JobError: It runs another one.
        """
        entry, running = self._journal.entry(name), self.running_id(name)
        known = entry.definition is not None and bool(running) and entry.job_id == running
        if known and entry.digest != wanted.digest:
            raise JobError(
                f"{name} still runs as it was before it changed.",
                f"Stop it, then start it again: `fraudwatch stop {name}`.",
            )

    def wait_running(self, job_id: str) -> None:
        """Wait until all tasks of a job run."""
        self._rest.wait_running(job_id)

    def stop(self, name: str, report: Report = lambda _: None) -> None:
        """Stop a job with a savepoint.

        Raises:
            JobError: The job does not run, or the savepoint could not be taken.
        """
        running = self._running(name)
        if running is None:
            raise JobError(f"{name} does not run.", "Look at `fraudwatch jobs`.")
        self._suspend(name, running.id, report)
        self._journal.update(name, wanted=False)

    def suspend_all(self, report: Report = lambda _: None) -> None:
        """Stop every job of the profile with a savepoint; the next start resumes them.

        All at once, since each waits for checkpoint barriers rather than for the CPU.

        Raises:
            JobError: A savepoint could not be taken; the other jobs are stopped all the same.
        """
        wanted = [name for name, entry in self._journal.entries().items() if entry.wanted]
        running = self.running(wanted)
        if not running:
            return
        with ThreadPoolExecutor(len(running), thread_name_prefix="suspend") as pool:
            savepoints = [
                pool.submit(self._suspend, name, job_id, report) for name, job_id in running.items()
            ]
        for savepoint in savepoints:
            savepoint.result()

    def resume_point(self, name: str) -> str:
        """Return the path of the savepoint or checkpoint that a start resumes from; empty for none.

        A stopped job has a savepoint; a job whose cluster died has a checkpoint.
        """
        return next((point.path for point in self.restore_points(name)), "")

    def restore_points(self, name: str) -> tuple[RestorePoint, ...]:
        """Return all readable restore points of a job, newest first."""
        return restore_points(self._state, self._journal.entry(name))

    def topic_ids(self, name: str) -> Mapping[str, str]:
        """Return the ids of the topics that a job's state and rows are of; empty if unknown."""
        return self._journal.entry(name).topic_ids

    def last_id(self, name: str) -> str:
        """Return Flink's id of a job's last run that fraudwatch did not stop; empty for none."""
        return self._journal.entry(name).job_id

    def running(self, names: Iterable[str]) -> dict[str, str]:
        """Return Flink's ids of the running jobs among these, by name."""
        newest = newest_by_name(self._rest.jobs())
        found = {name: newest.get(self.job_name(name)) for name in names}
        return {name: job.id for name, job in found.items() if job and job.state not in TERMINAL}

    def discard(self, name: str, report: Report = lambda _: None) -> None:
        """Cancel a job if it runs, and delete all its state."""
        running = self._running(name)
        if running is not None:
            report("cancelling, discarding state")
            self._rest.cancel(running.id)
        entry = self._journal.entry(name)
        for savepoint in entry.savepoints:
            self._state.discard(savepoint.path)
        for job_id in {entry.job_id, running.id if running else ""} - {""}:
            self._state.discard_checkpoints(job_id)
        self._journal.update(name, wanted=False, job_id="", savepoints=())

    def _suspend(self, name: str, job_id: str, report: Report) -> None:
        report("stopping, taking a savepoint")
        made_by = self._made_by(self._journal.entry(name), job_id)
        path = self._rest.stop_with_savepoint(job_id, self._state.savepoints)
        taken = Savepoint(path=path, taken_at=time.time())
        savepoints = (taken, *self._journal.entry(name).savepoints)
        for old in savepoints[MOST_SAVEPOINTS:]:
            self._state.discard(old.path)
        self._journal.update(name, job_id="", savepoints=savepoints[:MOST_SAVEPOINTS], **made_by)

    def _made_by(self, entry: Entry, job_id: str) -> dict[str, object]:
        """Return what to record about the definition behind a run's state.

        A run that was started elsewhere, for example by a colleague, carries a digest itself.
        """
        if entry.job_id == job_id:
            return {}
        digest = self._rest.parameters(job_id).get(DIGEST_PARAMETER, "")
        known = entry.definition is not None and entry.definition.digest == digest
        return {"foreign_digest": digest, "definition": entry.definition if known else None}

    def _running(self, name: str) -> JobOverview | None:
        job = newest_by_name(self._rest.jobs()).get(self.job_name(name))
        return job if job is not None and job.state not in TERMINAL else None

    def _options(self, name: str, parallelism: int, resume: str) -> dict[str, str]:
        flink = self._settings.flink.at(self._rest.address)
        options = {
            "execution.target": "remote",
            **address_options(flink),
            **tls_options(flink, self._settings.state_dir / "flink-client"),
            "pipeline.name": self.job_name(name),
            "parallelism.default": str(parallelism),
            "table.local-time-zone": SESSION_TIME_ZONE,
            "execution.checkpointing.interval": "10 s",
            "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        }
        if self._state.checkpoints:
            options["execution.checkpointing.dir"] = self._state.checkpoints
        if flink.state_backend:
            options["state.backend.type"] = flink.state_backend
        if resume:
            options[STATE_PATH] = resume
            # A checkpoint is handed over to the new run, which deletes it after its own first one;
            # a savepoint still belongs to the user.
            is_checkpoint = re.search(r"/chk-\d+$", resume) is not None
            options["execution.state-recovery.claim-mode"] = (
                "CLAIM" if is_checkpoint else "NO_CLAIM"
            )
        return options

    def _failure(self, entry: Entry, job: JobOverview | None) -> str:
        """Return why a job that should run does not run, or is being restarted."""
        if job is not None and job.state in TROUBLED:
            return self._rest.failure(job.id)
        if not (entry.wanted and entry.job_id) or (job is not None and job.state not in TERMINAL):
            return ""
        if job is not None and job.id == entry.job_id:
            if job.state == "FINISHED":
                # Another user has stopped it: a stream of transactions never ends by itself.
                return ""
            return self._rest.failure(job.id) or f"Flink says {job.state}"
        return "Flink no longer knows the job; a start resumes from its last checkpoint"


def _state_label(path: str) -> str:
    return "its last checkpoint" if "/chk-" in path else "its savepoint"


def _described(point: RestorePoint) -> str:
    when = f" of {datetime.fromtimestamp(point.at):%Y-%m-%d %H:%M}" if point.at else ""
    return f"{point.kind}{when}"
