"""`simulate`, `replay`, `topics`, `tail`: transactions in, records out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from pipeline.errors import ConfigError, InputError, UnavailableError

from .common import Common, Json, print_json, print_table, say

Flag = Parameter(negative="")


def simulate(
    *,
    rate: float | None = None,
    speed: float | None = None,
    pause: bool | None = None,
    inject_fraud: Annotated[bool, Flag] = False,
    off: Annotated[bool, Flag] = False,
    json: Json = False,
    common: Common = Common(),  # noqa: B008
) -> int:
    """Start the stack's transaction simulator, or change the one that runs.

    Args:
        rate: Transactions per second.
        speed: Event time per real time; 720 closes a six-hour window every 30 seconds.
        pause: Hold it, and let it go on with --no-pause.
        inject_fraud: Let an episode of fraud begin now.
        off: Stop it.
    """
    from pipeline.local.control import Simulate
    from pipeline.runtime import Runtime

    for name, value in (("--rate", rate), ("--speed", speed)):
        if value is not None and not 0 < value < float("inf"):
            raise ConfigError(f"{name} is {value:g}.", "It has to be greater than 0.")
    status = Runtime(common.settings).simulate(
        Simulate(running=not off, rate=rate, speed=speed, paused=pause, inject_fraud=inject_fraud)
    )
    if json:
        print_json(status)
    elif status.up:
        say(f"The simulator runs: {status.rate:,.0f} transactions/s, ×{status.speed:,.0f}.")
    else:
        say("The simulator is off.")
    return 0


def replay(
    file: Path,
    /,
    *,
    speed: str = "max",
    shift: Annotated[bool, Flag] = False,
    fresh: Annotated[bool, Flag] = False,
    json: Json = False,
    common: Common = Common(),  # noqa: B008
) -> int:
    """Send the transactions of a file to the topic; returns when all are sent.

    Args:
        file: Credit card transactions as CSV, pipe-separated generator output, or JSON lines in the
            topic's own format; each also gzipped.
        speed: Event time per real time, or max for as fast as it goes.
        shift: Move the file's times behind the newest transaction of the topic.
        fresh: Empty the topics and the jobs' state first.
    """
    from pipeline.runtime import Runtime
    from pipeline.simulate.deliver import deliver

    if shift and fresh:
        raise ConfigError("--shift and --fresh exclude each other.", "Choose one.")
    pace = _pace(speed)
    runtime = Runtime(common.settings)
    status = runtime.status()
    if not status.bootstrap:
        raise UnavailableError("The local stack is not running.", "Start it with `fraudwatch up`.")
    if status.simulator.up and not fresh:
        raise InputError(
            "The simulator is running and moves event time on, so the file would come too late.",
            "Stop it with `fraudwatch simulate --off`, or empty the topics with --fresh.",
        )
    # A file that cannot be used is refused before anything is emptied for it.
    plan = deliver(file, status.bootstrap, speed=pace, shift=shift, ignore_topic=fresh)
    if fresh:
        runtime.fresh(lambda line: say(f"  … {line}", over=True))
    report = plan(lambda line: say(line, over=True))
    if json:
        print_json(report)
    return 0
