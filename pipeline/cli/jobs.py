"""`jobs`, `start`, `stop`, `sql`: the feature jobs."""

from __future__ import annotations

from pathlib import Path
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
    """Print the feature jobs, and what else runs on the cluster.

    The JSON lists the feature jobs only; other people's are under `others` in `status --json`.
    """
    from pipeline.stack.runtime import Runtime

    runtime = Runtime(common.settings)
    # The journal does not know the current state of jobs on an external cluster.
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
    model: Annotated[Path | None, Parameter(show_default=False)] = None,
    common: Common = Common(),
) -> int:
    """Start jobs from their last state, if they have any; returns when they run.

    A job whose SQL has changed since then is refused, unless an option says what to do: state fits
    only the SQL that produced it.

    Args:
        names: The jobs.
        fresh: Discard the state, and start from the oldest transaction in Kafka.
        as_before: Run a changed job with the SQL that produced its state.
        model: The file of the model that the signal model computes from now on.
    """
    from pipeline.model.jobs import Resume
    from pipeline.stack.installed_model import installed
    from pipeline.stack.runtime import Runtime

    if fresh and as_before:
        raise ConfigError("--fresh and --as-before exclude each other.", "Choose one.")
    resume = Resume.FRESH if fresh else Resume.AS_BEFORE if as_before else Resume.UNCHANGED
    with installed(model, common.settings, names):
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
    """Stop jobs with a savepoint; returns when they have ended.

    Args:
        names: The jobs.
        discard: Cancel the jobs and delete their state, including older savepoints.
    """
    from pipeline.stack.runtime import Runtime

    runtime = Runtime(common.settings)
    chosen = _chosen(runtime, names, every)
    if every:
        # Otherwise the journal would show no running job, and none would be stopped.
        runtime.require_flink()
        running = {job.name for job in runtime.status().jobs if job.job_id}
        chosen = tuple(name for name in chosen if name in running or discard)
    for name in chosen:
        status = runtime.stop_job(name, reporter(name), discard=discard)
        left = "state discarded" if discard else location(status.savepoint)
        say(f"{name}: stopped, {left}")
    return 0


def sql(name: str, /, *, common: Common = Common()) -> int:
    """Print the Flink SQL of a job; secrets are masked.

    Args:
        name: The job.
    """
    from pipeline.stack.runtime import Runtime

    print(Runtime(common.settings).sql(name), end="")
    return 0


def _chosen(runtime: Runtime, names: tuple[str, ...], every: bool) -> tuple[str, ...]:
    if bool(names) == every:
        raise ConfigError("No job is named.", "Name the jobs, or use --all; see `fraudwatch jobs`.")
    return tuple(feature.name for feature in runtime.chosen(names))
