"""All features of a profile: the built-in ones, and those of the user's files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import InputError
from pipeline.features import BUILT_IN, Feature, Registry
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


def _refuse_unfit(path: Path, feature: Feature) -> None:
    found = refusal(feature)
    if found is not None:
        wrong, hint = found
        raise InputError(f"{where(path, feature)}: {feature.name} cannot run: {wrong}.", hint)
