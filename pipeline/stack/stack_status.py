"""The status of a whole stack, also when it does not run."""

from __future__ import annotations

from dataclasses import replace

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.features import Registry
from pipeline.flink.job_status import remembered
from pipeline.model.simulator import SimulatorStatus
from pipeline.model.stack import Health, StackStatus
from pipeline.proof import Proofs

from . import catalog
from .endpoints import Stack
from .gone_topics import explained


def status_of(stack: Stack, settings: Settings, features: Registry, proofs: Proofs) -> StackStatus:
    """Return the status of a stack, with the last proof of each job.

    Args:
        stack: The stack.
        settings: Settings of its profile.
        features: The profile's features.
        proofs: The last proofs.

    Raises:
        UnavailableError: A managed cluster is up but does not answer.
    """
    status = _without_proofs(stack, settings, features)
    try:
        last = proofs.last()
    except InputError as error:
        return replace(status, problems=(*status.problems, str(error)))
    return replace(
        status, jobs=tuple(replace(job, proof=last.get(job.name)) for job in status.jobs)
    )


def _without_proofs(stack: Stack, settings: Settings, features: Registry) -> StackStatus:
    endpoints = stack.find_endpoints()
    if endpoints is None:
        return StackStatus(
            profile=settings.profile,
            kafka=Health.OFF,
            flink=Health.OFF,
            jobs=catalog.listed(
                features,
                remembered(settings, features.topics(settings.kafka)),
            ),
        )
    condition = stack.condition(endpoints)
    sinks = features.topics(endpoints.kafka)
    status = StackStatus(
        profile=settings.profile,
        kafka=condition.kafka,
        flink=condition.flink,
        bootstrap=endpoints.kafka.bootstrap,
        rest=endpoints.flink.rest,
        problems=condition.problems,
        simulator=endpoints.report.simulator if endpoints.report else SimulatorStatus(),
    )
    if condition.slots is None:
        return replace(status, jobs=catalog.listed(features, remembered(settings, sinks)))
    survey = stack.jobs(endpoints).survey(sinks)
    return replace(
        status,
        slots=condition.slots,
        jobs=catalog.listed(features, explained(survey.ours, features, endpoints.kafka)),
        others=survey.others,
    )
