"""Which Flink a job can be submitted to: what a client sends is not understood by others."""

from __future__ import annotations

from typing import Final

from pipeline.errors import JobError

from .rest import FlinkRest

SUPPORTED: Final = "2.3"


def check_version(rest: FlinkRest) -> str:
    """The version of a cluster, when jobs can be submitted to it.

    Raises:
        JobError: They cannot.
        UnavailableError: The cluster does not answer.
    """
    version = rest.version()
    if version.split(".")[:2] != SUPPORTED.split("."):
        raise JobError(
            f"Flink at {rest.address} is version {version}, and fraudwatch submits jobs to "
            f"Flink {SUPPORTED}.",
            f"Use a Flink {SUPPORTED}. What runs on this one can be watched and stopped.",
        )
    return version
