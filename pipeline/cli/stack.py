"""`up`, `down`, `status`, `logs`: the local stack."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from pipeline.errors import InputError
from pipeline.model.jobs import JobStatus, OtherJob
from pipeline.model.stack import Health, StackStatus
from pipeline.proof import Proof
from pipeline.text.sanitise import sanitised

from .common import NOT_NEGATIVE, Common, Json, print_json, print_table, say
from .steps import StepLines

_FOLLOW_SECONDS = 0.2


def up(
    *,
    simulator: bool = True,
    jobs: bool = True,
    common: Common = Common(),
) -> int:
    """Start the local stack; it runs until `fraudwatch down`.

    Args:
        simulator: Start the transaction simulator, too.
        jobs: Start the jobs that ran last time; the first time, all of them.
    """
    from pipeline.stack.runtime import Runtime

    steps = StepLines()
    Runtime(common.settings).bring_up(steps, stay=True, simulator=simulator, jobs=jobs)
    return 4 if steps.failed else 0


def down(*, common: Common = Common()) -> int:
    """Stop the local stack; jobs are stopped with savepoints, and the next start resumes them."""
    from pipeline.stack.runtime import Runtime

    say("Stopping the jobs with savepoints, then the stack …", over=True)
    stopped = Runtime(common.settings).down()
    say("The local stack is stopped." if stopped else "The local stack was not running.")
    return 0


def status(*, json: Json = False, common: Common = Common()) -> int:
    """Print the status of the stack; exit code 0 when Kafka and Flink are up, otherwise 3."""
    from pipeline.stack.runtime import Runtime

    stack = Runtime(common.settings).status()
    if json:
        print_json(_stack_object(stack))
    else:
        _print_stack(stack, simulated=common.settings.built_in)
    return 0 if stack.kafka is Health.UP and stack.flink is Health.UP else 3


def logs(
    name: str = "",
    /,
    *,
    lines: Annotated[int, Parameter(name=["--lines", "-n"], validator=NOT_NEGATIVE)] = 40,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], negative="")] = False,
    common: Common = Common(),
) -> int:
    """Print the end of a process's log.

    Args:
        name: The process; without one, the logs are listed.
        lines: Number of lines.
        follow: Keep printing new lines.
    """
    folder = common.settings.logs_dir
    known = {path.stem: path for path in sorted(folder.glob("*.log"))}
    if not name:
        sizes = [(stem, f"{path.stat().st_size:,}", str(path)) for stem, path in known.items()]
        print_table(("LOG", "BYTES", "FILE"), sizes, right=(1,))
        return 0
    if name not in known:
        raise InputError(
            f"There is no log of {name!r}.", f"Logs: {', '.join(known) or 'none yet'}."
        )
    for line in _read(known[name], lines, follow=follow):
        print(line, end="", flush=True)
    return 0


def _read(path: Path, lines: int, *, follow: bool) -> Iterator[str]:
    with path.open(errors="replace") as file:
        yield from deque(file, maxlen=lines)
        while follow:
            if line := file.readline():
                yield line
            else:
                time.sleep(_FOLLOW_SECONDS)


def job_object(job: JobStatus) -> dict[str, Any]:
    """Convert a job for `jobs --json` and `status --json`."""
    return {
        "name": job.name,
        "state": job.state,
        "job_id": job.job_id,
        "topic": job.topic,
        "started_at": job.started_at,
        "savepoint": job.savepoint,
        "savepoint_at": job.savepoint_at,
        "failure": job.failure,
        "proof": job.proof and _proof_object(job.proof, past=job.proof_is_past),
    }


def _proof_object(proof: Proof, *, past: bool) -> dict[str, Any]:
    return {
        "outcome": proof.outcome,
        "rows": proof.rows,
        "wrong": proof.wrong,
        "waiting": proof.waiting,
        "behind": proof.behind,
        "reasons": list(proof.reasons),
        "at": proof.at,
        "restarted_since": past,
    }


def other_object(job: OtherJob) -> dict[str, Any]:
    """Convert another user's job for `status --json`."""
    return {
        "name": job.name,
        "state": job.state,
        "job_id": job.job_id,
        "started_at": job.started_at,
    }


def print_jobs(jobs: tuple[JobStatus, ...], others: tuple[OtherJob, ...] = ()) -> None:
    """Print the jobs as a table, with the reason below a failed one; then other people's jobs."""
    rows = [(job.name, job.state.value, _since(job), _proof(job), job.topic) for job in jobs]
    print_table(("JOB", "STATE", "SINCE", "PROOF", "TOPIC"), rows)
    for job in jobs:
        if job.failure:
            print(sanitised(f"{job.name}: {job.failure}"))
    if others:
        print()
        print_table(
            ("OTHERS' JOB", "STATE", "SINCE", "ID"),
            [
                (sanitised(job.name), sanitised(job.state), _stamp(job.started_at), job.job_id)
                for job in others
            ],
        )


def _stack_object(stack: StackStatus) -> dict[str, Any]:
    simulator = stack.simulator
    return {
        "profile": stack.profile,
        "kafka": {"up": stack.kafka is Health.UP, "bootstrap": stack.bootstrap},
        "flink": {
            "up": stack.flink is Health.UP,
            "rest": stack.rest,
            "slots": {"total": stack.slots.total, "free": stack.slots.free},
        },
        "simulator": {
            "up": simulator.up,
            "rate": simulator.rate,
            "speed": simulator.speed,
            "sent": simulator.sent,
        },
        "jobs": [job_object(job) for job in stack.jobs],
        "others": [other_object(job) for job in stack.others],
        "problems": list(stack.problems),
    }


def _print_stack(stack: StackStatus, *, simulated: bool) -> None:
    slots = str(stack.slots) if stack.slots.total else ""
    simulator = stack.simulator
    pace = f"{simulator.rate:,.0f}/s ×{simulator.speed:,.0f}, {simulator.sent:,} sent"
    parts = [
        ("kafka", stack.kafka.value, stack.bootstrap),
        ("flink", stack.flink.value, "  ".join(filter(None, (stack.rest, slots)))),
    ]
    if simulated:
        parts.append(("simulator", "up" if simulator.up else "off", pace if simulator.up else ""))
    print_table(("PROFILE", stack.profile, ""), parts)
    for problem in stack.problems:
        print(sanitised(problem))
    print()
    print_jobs(stack.jobs, stack.others)


def _since(job: JobStatus) -> str:
    at = job.started_at or job.savepoint_at
    if at is None:
        return "-"
    return _stamp(at) if job.started_at else f"savepoint {_stamp(at)}"


def _proof(job: JobStatus) -> str:
    proof = job.proof
    if proof is None:
        return "-"
    if job.proof_is_past:
        return "not since it restarted"
    return f"{proof.summary} {_stamp(proof.at)}"


def _stamp(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
