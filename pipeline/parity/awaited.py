"""Waits until a job has read the topics of its feature so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pipeline.errors import JobError, UnansweredError
from pipeline.text.words import counted

_DELIVERY_SECONDS: Final = 150.0
"""More than the 120 s after which a sink's producer gives a record up. Until then no checkpoint
completes, as after its topic was recreated under it; after that, the job restarts."""
POLL_SECONDS: Final = 0.5


Offsets = Sequence[Mapping[int, int]]
"""Offsets by partition, for each source of a feature in their order."""


class FeatureJob(Protocol):
    """The job that computes a feature; see `live.LiveJob`."""

    @property
    def running(self) -> bool: ...

    def read_up_to(self) -> Offsets:
        """Return the offset up to which results are in the sink, by partition of each source."""
        ...

    def watermark(self) -> int | None:
        """Return the job's watermark, in microseconds; None if Flink reports none."""
        ...

    def dropped_late(self) -> int | None:
        """Return the number of late records dropped in the life of the job; None if unknown."""
        ...

    def started(self) -> int:
        """Return when it was started, in milliseconds since the epoch; 0 if it does not run."""
        ...

    def resumed(self) -> Sequence[int]:
        """Return when it resumed from state or was restarted, likewise, as far as is known."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a job that lags, in seconds without progress."""

    seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


PATIENT: Final = Patience()


def await_job(
    ends: Offsets,
    job: FeatureJob,
    report: Callable[[str], None],
    patience: Patience,
) -> Offsets:
    """Wait until the job has read up to `ends`; return how far it has read, at most `ends`."""

    def behind(read: Offsets) -> int:
        return sum(
            max(0, end - so_far.get(number, 0))
            for of_topic, so_far in zip(ends, read, strict=True)
            for number, end in of_topic.items()
        )

    read = _read_up_to(job, report, patience)
    lag = behind(read)
    deadline = patience.clock() + patience.seconds
    while lag and job.running and patience.clock() < deadline:
        report(f"waiting for the job to read {counted(lag, 'more offset')}")
        patience.sleep(POLL_SECONDS)
        read = _read_up_to(job, report, patience)
        if behind(read) < lag:
            lag, deadline = behind(read), patience.clock() + patience.seconds
    return [
        {number: min(end, so_far.get(number, 0)) for number, end in of_topic.items()}
        for of_topic, so_far in zip(ends, read, strict=True)
    ]


def _read_up_to(job: FeatureJob, report: Callable[[str], None], patience: Patience) -> Offsets:
    """Return how far the job has read; retries while the job cannot take a checkpoint."""
    deadline = patience.clock() + max(patience.seconds, _DELIVERY_SECONDS)
    while True:
        try:
            return job.read_up_to()
        except (JobError, UnansweredError) as error:
            ended = isinstance(error, JobError) and not job.running
            if ended or patience.clock() >= deadline:
                raise
            report("waiting for the job, which cannot take a checkpoint at the moment")
            patience.sleep(POLL_SECONDS)
