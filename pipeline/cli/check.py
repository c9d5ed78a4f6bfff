"""`check`: is the stack within its limits? For cron, CI and monitoring."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from cyclopts import Parameter

from pipeline.errors import ConfigError, UnavailableError
from pipeline.text.sanitise import sanitised

from .common import NOT_NEGATIVE, Common, Json, print_json, reporter, say
from .marks import Mark, marked

Most = Parameter(validator=NOT_NEGATIVE)
Flag = Annotated[bool, Parameter(negative="")]


def check(
    *names: str,
    max_lag: Annotated[int | None, Most] = None,
    max_age: Annotated[float | None, Most] = None,
    max_quarantined: Annotated[int | None, Most] = None,
    verify: Flag = False,
    json: Json = False,
    prometheus: Flag = False,
    common: Common = Common(),
) -> int:
    """Check that jobs run and stay within limits; prints a line per measurement.

    Exit code 0 when every check passes, 1 when one fails, 3 when the stack cannot be reached, 6
    when a feature cannot be judged and no check fails. What has no limit is measured, not checked.

    Args:
        names: The jobs that have to run; all of them without a name.
        max_lag: Largest lag of a job, in records.
        max_age: Largest age of the newest record, in seconds, in the topics that the jobs read and
            write.
        max_quarantined: Largest number of invalid records; reads the whole topic.
        verify: Verify the jobs' features, too.
        prometheus: Print the measurements as Prometheus text.
    """
    from pipeline.checks.limits import Limits, exposition, measure, read
    from pipeline.proof import Outcome
    from pipeline.stack.runtime import Runtime

    if json and prometheus:
        raise ConfigError("--json and --prometheus exclude each other.", "Choose one.")
    limits = Limits(max_lag, max_age, max_quarantined)
    readings = read(
        Runtime(common.settings),
        names,
        limits,
        verify=verify,
        report=reporter(over=True),
    )
    say("", over=True)
    found = measure(readings, limits)
    fails = any(measurement.holds is False for measurement in found)
    is_open = any(measurement.open for measurement in found)
    holds = not fails and not is_open
    if json:
        checks = [dataclasses.asdict(measurement) for measurement in found]
        print_json({"profile": common.profile, "holds": holds, "checks": checks})
    elif prometheus:
        print(exposition(common.profile, found), end="")
        if readings.unreachable:
            # Prometheus text cannot carry the reason.
            say(readings.unreachable)
    else:
        marks = {True: Mark.GOOD, False: Mark.FAILED, None: Mark.SKIPPED}
        subjects = [f"{measurement.check} {measurement.subject}".rstrip() for measurement in found]
        width = max(map(len, subjects))
        for subject, measurement in zip(subjects, found, strict=True):
            mark = marked(Mark.UNKNOWN if measurement.open else marks[measurement.holds])
            print(f"{mark} {subject:<{width}}  {sanitised(measurement.said)}")
    if readings.unreachable:
        return UnavailableError.exit_code
    if fails:
        return 1
    return Outcome.NOT_JUDGED.exit_code if is_open else 0
