"""The features and signals of the user's files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import InputError
from pipeline.features import BUILT_IN, Feature, Registry
from pipeline.features.module import read_module, where
from pipeline.flink.refusals import refusal
from pipeline.signals.signal import Signal, unfit


def load(paths: Iterable[Path], registry: Registry = BUILT_IN) -> Registry:
    """Load files and add their features to the built-in ones.

    Args:
        paths: Python files with functions decorated with `@feature` or `@signal`.
        registry: The built-in ones.

    Raises:
        InputError: A file is unusable, a name or topic is taken, or Flink would refuse a feature.
    """
    for path in paths:
        for added in read_module(path, known=registry):
            _refuse_unfit(path, added)
            registry = registry.with_feature(added, where(path, added))
    return registry


def _refuse_unfit(path: Path, feature: Feature) -> None:
    at = where(path, feature)
    if isinstance(feature, Signal) and (found := unfit(feature)) is not None:
        wrong, hint = found
        raise InputError(f"{at}: {feature.name} is no signal: {wrong}.", hint)
    if (found := refusal(feature)) is not None:
        wrong, hint = found
        raise InputError(f"{at}: {feature.name} cannot run: {wrong}.", hint)
