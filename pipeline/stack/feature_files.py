"""All features of a profile: the built-in ones, and those of the user's files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.features import BUILT_IN, Feature, Registry
from pipeline.features.masks import Masks
from pipeline.features.module import read_module, where
from pipeline.flink.refusals import refusal


def load(paths: Iterable[Path]) -> Registry:
    """Load files and add their features to the built-in ones.

    Args:
        paths: Python files with functions decorated with `@feature`.

    Raises:
        InputError: A file is unusable, a name or topic is taken, or Flink would refuse a feature.
    """
    registry = BUILT_IN
    for path in paths:
        for added in read_module(path, known=registry):
            _refuse_unfit(path, added)
            registry = registry.with_feature(added, where(path, added))
    return registry


def masks(settings: Settings) -> Masks:
    """Return what is hidden in each topic of a profile.

    Raises:
        InputError: A feature file is unusable, so that it is not known.
    """
    return Masks(load(settings.features), settings.kafka, show=settings.show_sensitive)


def _refuse_unfit(path: Path, feature: Feature) -> None:
    found = refusal(feature)
    if found is not None:
        wrong, hint = found
        raise InputError(f"{where(path, feature)}: {feature.name} cannot run: {wrong}.", hint)
