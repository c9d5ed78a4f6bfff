"""Everything that a profile can run: the built-in features and signals, and those of its files."""

from __future__ import annotations

from pipeline.config import Settings
from pipeline.features import BUILT_IN, Registry
from pipeline.features.masks import Masks
from pipeline.signals.model import model_signal
from pipeline.signals.rules import rules_signal
from pipeline.signals.trees import read_model

from . import feature_files


def built_in(settings: Settings) -> Registry:
    """Return the built-in features and signals; `model` is one of them once a model is installed.

    Raises:
        InputError: The installed model cannot be read.
    """
    signals = [rules_signal(settings.rules)]
    if settings.model_file.is_file():
        signals.append(model_signal(read_model(settings.model_file), settings.rules))
    return Registry((*BUILT_IN, *signals))


def load(settings: Settings) -> Registry:
    """Return all features and signals of a profile.

    Raises:
        InputError: A file of features or the installed model is unusable.
    """
    return feature_files.load(settings.features, built_in(settings))


def masks(settings: Settings) -> Masks:
    """Return what is hidden in each topic of a profile.

    Raises:
        InputError: A feature file is unusable, so that it is not known.
    """
    return Masks(load(settings), settings.kafka, show=settings.show_sensitive)
