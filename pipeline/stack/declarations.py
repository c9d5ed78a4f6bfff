"""What a profile declares, whether its stack runs or not: features, signals, sources, sinks."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import JobError
from pipeline.features import Feature, Registry
from pipeline.features.masks import Masks
from pipeline.model.sinks import Sink
from pipeline.signals import Signal
from pipeline.signals.standing import Standing, Standings
from pipeline.signals.thresholds import Thresholds
from pipeline.signals.trees import Spread, read_model
from pipeline.sources import TRANSACTION, Source
from pipeline.sources.labelled import labelled_records
from pipeline.sources.masking import Mask

from . import catalog
from .analyst import analyst
from .installed_model import model_files


class Declared:
    """The declarations of one profile; methods may be called from any thread.

    Args:
        settings: Settings of the profile.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loading = threading.Lock()
        self._features: Registry | None = None

    @property
    def features(self) -> Registry:
        """The profile's features; loaded on first use, since `down` needs none.

        Raises:
            InputError: A feature file is unusable.
            ConfigError: There is no feature.
        """
        with self._loading:  # A user's file is executed only once.
            if self._features is None:
                self._features = catalog.runnable(self._settings)
            return self._features

    @property
    def feature_files(self) -> tuple[Path, ...]:
        """The files with the user's own features."""
        return self._settings.features

    def sinks(self) -> tuple[Sink, ...]:
        """Return what the topic of each feature holds, that of the live signal first.

        Those of the labelled records of the user's own sources are last.

        Raises:
            InputError: A feature file, or the file with the signals' standing, is unusable.
        """
        standing = self._standings.now()
        found = [self.sink_of(feature) for feature in self.features]
        judged = (
            replace(sink, since=standing.since(sink.feature), live=sink.feature == standing.live)
            if sink.threshold is not None
            else sink
            for sink in found
        )
        # What is flagged of the tutorial's stream is a built-in feature.
        labelled = (
            labelled_records(source, show_sensitive=self._settings.show_sensitive)
            for source in self.sources()
            if source != TRANSACTION
        )
        return (*sorted(judged, key=lambda sink: not sink.live), *filter(None, labelled))

    def set_threshold(self, name: str, threshold: float) -> None:
        """Give a signal another threshold, and keep it for every later start.

        Raises:
            JobError: There is no such signal.
            InputError: It is no threshold, or it cannot be kept.
        """
        self._require_signal(name)
        Thresholds(self._settings.thresholds_file).give(name, threshold)
        changed = catalog.with_thresholds(self.features, {name: threshold})
        with self._loading:
            self._features = changed

    def spreads(self, name: str) -> Mapping[str, Spread]:
        """Return how a signal's inputs were spread in its training; nothing if it had none.

        Raises:
            InputError: The installed model cannot be read.
        """
        path = model_files(self._settings).get(name)
        return read_model(path).spreads if path is not None and path.is_file() else {}

    def standing(self) -> Standing:
        """Return which signal is live, and the history of that.

        Raises:
            InputError: The file with it cannot be read.
        """
        return self._standings.now()

    def promote(self, name: str) -> Standing:
        """Make a signal the live one.

        Raises:
            JobError: There is no such signal.
            InputError: It cannot be kept.
        """
        self._require_signal(name)
        signals = [each.name for each in self.features if isinstance(each, Signal)]
        first = next((other for other in signals if other != name), "")
        return self._standings.promote(name, analyst(self._settings), time.time(), first=first)

    def roll_back(self) -> Standing:
        """Make live again what was live before the last change of it.

        Raises:
            JobError: Nothing was live before.
            InputError: It cannot be kept.
        """
        return self._standings.roll_back(analyst(self._settings), time.time())

    @property
    def _standings(self) -> Standings:
        return Standings(self._settings.standing_file)

    def _require_signal(self, name: str) -> None:
        (signal,) = self.features.find([name])
        if not isinstance(signal, Signal):
            raise JobError(f"{name} is a feature without a score.", "Name a signal.")

    def sources(self) -> tuple[Source, ...]:
        """Return the sources that features read."""
        return self.features.sources

    def mask_of(self, topic: str) -> Mask:
        """Return what is hidden in a topic, by its name in Kafka."""
        return self._masks.of(topic)

    @cached_property
    def _masks(self) -> Masks:
        return catalog.masks(self._settings, self.features)

    def sink_of(self, feature: Feature) -> Sink:
        """Return what the topic of a feature holds."""
        return feature.sink.in_full() if self._settings.show_sensitive else feature.sink
