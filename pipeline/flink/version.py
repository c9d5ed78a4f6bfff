"""The Flink version that jobs can be submitted to: the client's protocol fits no other."""

from __future__ import annotations

from typing import Final

from pipeline.errors import JobError

from .rest import FlinkRest

SUPPORTED: Final = "2.3"


def check_version(rest: FlinkRest) -> str:
    """Return the cluster's version if jobs can be submitted to it.

    Raises:
        JobError: They cannot.
        UnavailableError: The cluster does not answer.
    """
    version = rest.version()
    if version.split(".")[:2] != SUPPORTED.split("."):
        raise JobError(
            f"Flink at {rest.address} is version {version}, but fraudwatch submits jobs to "
            f"Flink {SUPPORTED}.",
            f"Use Flink {SUPPORTED}. Jobs that run on this one can be watched and stopped.",
        )
    return version
