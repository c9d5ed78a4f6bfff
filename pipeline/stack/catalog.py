"""Everything that a profile can run: built-in features and signals, and those of its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pipeline.config import Settings
from pipeline.errors import ConfigError
from pipeline.features import BUILT_IN, Registry
from pipeline.features.masks import Masks
from pipeline.model.jobs import JobState, JobStatus
from pipeline.signals.model_signal import SHADOW, SHADOW_TOPIC, model_signal
from pipeline.signals.rules_signal import rules_signal
from pipeline.signals.signal import Signal
from pipeline.signals.thresholds import Thresholds
from pipeline.signals.trees import read_model

from . import feature_files


def built_in(settings: Settings) -> Registry:
    """Return the built-in features and signals; `model` and `shadow` once they are installed.

    Raises:
        InputError: The installed model cannot be read.
    """
    signals = [rules_signal(settings.rules)]
    if settings.model_file.is_file():
        signals.append(model_signal(read_model(settings.model_file), settings.rules))
    if settings.shadow_file.is_file():
        beside = read_model(settings.shadow_file)
        signals.append(model_signal(beside, settings.rules, name=SHADOW, topic=SHADOW_TOPIC))
    return Registry((*BUILT_IN, *signals))


def load(settings: Settings) -> Registry:
    """Return all features and signals of a profile; none if it has neither built-in ones nor files.

    Names and topics of built-in features are taken in every profile, so that a file of features
    that is good in one profile is good in all.

    Raises:
        InputError: A file of features, the installed model or the file of thresholds is unusable.
    """
    known = built_in(settings)
    everything = feature_files.load(settings.features, known)
    if not settings.built_in:
        everything = Registry(everything[len(known) :])
    return with_thresholds(everything, Thresholds(settings.thresholds_file).given())


def runnable(settings: Settings) -> Registry:
    """Return all features and signals of a profile, of which there is at least one.

    Raises:
        InputError: A file of features, the installed model or the file of thresholds is unusable.
        ConfigError: There is nothing to run.
    """
    features = load(settings)
    if not features:
        raise ConfigError(
            f"Profile {settings.profile!r} has nothing to run: built_in is false, and there is no "
            "feature of your own.",
            "Name a file of features in it or with --features; see `docs/writing-a-source.md`.",
        )
    return features


def with_thresholds(features: Registry, given: Mapping[str, float]) -> Registry:
    """Return the features with other thresholds of signals.

    Args:
        features: All features and signals.
        given: Thresholds by name; those of others than signals change nothing.
    """
    return Registry(
        replace(each, threshold=given[each.name])
        if isinstance(each, Signal) and each.name in given
        else each
        for each in features
    )


def listed(features: Registry, jobs: Iterable[JobStatus]) -> tuple[JobStatus, ...]:
    """Leave out jobs that only start on request, and that nobody has started."""
    on_request = {feature.name for feature in features if feature.on_request}
    return tuple(
        job
        for job in jobs
        if job.name not in on_request or job.state is not JobState.STOPPED or job.savepoint
    )


def masks(settings: Settings, features: Registry) -> Masks:
    """Return what is hidden in each topic of a profile."""
    return Masks(features, settings.kafka, settings.labels, show=settings.show_sensitive)
