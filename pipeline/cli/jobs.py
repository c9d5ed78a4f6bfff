"""`jobs`, `start`, `stop`, `sql`: the feature jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pipeline.errors import ConfigError
from pipeline.text.words import location

from .common import Common, Json, print_json, reporter, say
from .stack import job_object, print_jobs

if TYPE_CHECKING:
    from pipeline.stack.runtime import Runtime

Flag = Annotated[bool, Parameter(negative="")]
All = Annotated[bool, Parameter(name="--all", negative="", help="Every job.")]


def jobs(*, json: Json = False, common: Common = Common()) -> int:
    """Print the feature jobs and where they stand, and what else runs on the cluster.

    The JSON has the feature jobs only; other people's are under `others` in `status --json`.
    """
    from pipeline.stack.runtime import Runtime

    runtime = Runtime(common.settings)
    # What is remembered of the jobs is not what an external cluster would say of them now.
    runtime.require_flink()
    found = runtime.status()
    if json:
        print_json([job_object(job) for job in found.jobs])
    else:
        print_jobs(found.jobs, found.others)
    return 0


def start(
    *names: str,
    every: All = False,
    fresh: Flag = False,
    as_before: Flag = False,
    common: Common = Common(),
) -> int:
    """Start jobs, from their kept state if they have any; returns when they run.

    A job whose SQL has changed since its state was kept is not started without a word: the state is
    of no use to another SQL.

    Args:
        names: Which jobs.
        fresh: Discard what state there is, and begin with the oldest transaction in Kafka.
        as_before: Of a job that has changed, run what it was when its state was kept.
    """
    from pipeline.model import Resume
    from pipeline.stack.runtime import Runtime

    if fresh and as_before:
        raise ConfigError("--fresh and --as-before exclude each other.", "Say one of them.")
    resume = Resume.FRESH if fresh else Resume.AS_BEFORE if as_before else Resume.UNCHANGED
    runtime = Runtime(common.settings)
    for name in _chosen(runtime, names, every):
        status = runtime.start_job(name, reporter(name), resume=resume)
        say(f"{name}: {status.state}")
    return 0


def stop(
    *names: str,
    every: All = False,
    discard: Flag = False,
    common: Common = Common(),
) -> int:
    """Stop jobs and keep their state in a savepoint; returns when they have ended.

    Args:
        names: Which jobs.
        discard: Throw the state away, kept savepoints included.
    """
    from pipeline.stack.runtime import Runtime

    runtime = Runtime(common.settings)
    chosen = _chosen(runtime, names, every)
    if every:
        # Else none would be known to run, and none be stopped.
        runtime.require_flink()
        running = {job.name for job in runtime.status().jobs if job.job_id}
        chosen = tuple(name for name in chosen if name in running or discard)
    for name in chosen:
        say(f"{name}: stopping")
        status = runtime.stop_job(name, discard=discard)
        left = "nothing kept" if discard else location(status.savepoint)
        say(f"{name}: stopped, {left}")
    return 0


def sql(name: str, /, *, common: Common = Common()) -> int:
    """Print the Flink SQL that runs a job.

    Args:
        name: Which job.
    """
    from pipeline.stack.runtime import Runtime

    print(Runtime(common.settings).sql(name), end="")
    return 0


def _chosen(runtime: Runtime, names: tuple[str, ...], every: bool) -> tuple[str, ...]:
    if bool(names) == every:
        raise ConfigError("Name the jobs, or say --all.", "Jobs: `fraudwatch jobs`.")
    return tuple(feature.name for feature in runtime.features.find(names))
