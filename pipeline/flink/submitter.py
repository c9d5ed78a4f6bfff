"""The one process that owns PyFlink: reads submissions, plans them, hands jobs to the cluster.

It is kept warm because PyFlink's gateway takes seconds to start, and apart because the gateway
writes to the terminal it inherits. One JSON line in (`Submission`), one out (`Submitted`); it ends
when its input does.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import msgspec

from pipeline.flink.submission import SHIPPED_JARS, Submission, Submitted


def main() -> None:
    """Serve submissions from stdin until it ends."""
    # Only our own answers may reach the real stdout; whatever else prints goes to the log.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _warm_up()
    answers.write(msgspec.json.encode(Submitted()) + b"\n")
    for line in sys.stdin.buffer:
        answer = _submit(msgspec.json.decode(line, type=Submission))
        answers.write(msgspec.json.encode(answer) + b"\n")


def _warm_up() -> None:
    """Start the gateway and load the planner, so that the first job does not have to."""
    table_environment({}).explain_sql("SELECT 1")


def table_environment(options: dict[str, str]) -> Any:
    """A streaming table environment with these options."""
    from pyflink.common import Configuration
    from pyflink.table import EnvironmentSettings, TableEnvironment

    configuration = Configuration()
    for name, value in options.items():
        configuration.set_string(name, value)
    settings = EnvironmentSettings.new_instance().in_streaming_mode()
    return TableEnvironment.create(settings.with_configuration(configuration).build())


def _submit(submission: Submission) -> Submitted:
    from py4j.protocol import Py4JJavaError
    from pyflink.util.exceptions import JavaException

    jars = os.environ.get(SHIPPED_JARS)
    try:
        shipped = {"pipeline.jars": jars} if jars else {}
        environment = table_environment(submission.options | shipped)
        for statement in submission.statements[:-1]:
            environment.execute_sql(statement)
        client = environment.execute_sql(submission.statements[-1]).get_job_client()
        return Submitted(job_id=str(client.get_job_id()))
    except (JavaException, Py4JJavaError, ValueError) as error:
        return Submitted(error=_root_cause(str(error)))


def _root_cause(trace: str) -> str:
    causes = [line for line in trace.splitlines() if line.startswith("Caused by: ")]
    line = causes[-1].removeprefix("Caused by: ") if causes else trace.partition("\n")[0]
    return line.strip()


if __name__ == "__main__":
    main()
