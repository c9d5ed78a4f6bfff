"""The registry of features, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import overload

from pipeline.config import KafkaSettings
from pipeline.errors import InputError, JobError
from pipeline.sources import Source

from .feature import Feature


class Registry(Sequence[Feature]):
    """Features with distinct names and distinct topics.

    Args:
        features: In the order in which they are listed.
    """

    def __init__(self, features: Iterable[Feature]) -> None:
        self._features = tuple(features)

    @overload
    def __getitem__(self, index: int) -> Feature: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Feature, ...]: ...

    def __getitem__(self, index: int | slice) -> Feature | tuple[Feature, ...]:
        return self._features[index]

    def __len__(self) -> int:
        return len(self._features)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return tuple(feature.name for feature in self._features)

    @property
    def at_start(self) -> Registry:
        """The features whose jobs do not wait until they are asked for."""
        return Registry(feature for feature in self if not feature.on_request)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The streams that the features read, in order."""
        return tuple(dict.fromkeys(source for each in self._features for source in each.sources))

    def topics(self, kafka: KafkaSettings) -> dict[str, str]:
        """Return the name in Kafka of each feature's sink topic, by the feature's name."""
        return {feature.name: kafka.topic(feature.topic) for feature in self._features}

    def find(self, names: Iterable[str]) -> tuple[Feature, ...]:
        """Return the named features, in the given order; all of them without a name.

        Raises:
            JobError: A name is unknown.
        """
        by_name = {feature.name: feature for feature in self._features}
        wanted = tuple(names) or tuple(by_name)
        for name in wanted:
            if name not in by_name:
                raise JobError(f"There is no job named {name!r}.", f"Jobs: {', '.join(by_name)}.")
        return tuple(by_name[name] for name in wanted)

    def with_feature(self, added: Feature, where: str) -> Registry:
        """Return a registry with one more feature.

        Args:
            added: The new feature.
            where: Its location, for error messages.

        Raises:
            InputError: Its name, its topic or the name of its source is taken.
        """
        self._refuse_taken(added, where)
        return Registry((*self, added))

    def _refuse_taken(self, added: Feature, where: str) -> None:
        if added.name in self.names:
            raise InputError(
                f"{where}: a feature named {added.name!r} already exists.",
                "Give the function another name.",
            )
        for feature in (added, *self):
            if added.topic in (source.topic for source in feature.sources):
                reader = "it" if feature is added else feature.name
                raise InputError(
                    f"{where}: {added.name} would write to {added.topic!r}, which {reader} reads.",
                    "Choose a topic of its own.",
                )
            if feature.topic in (source.topic for source in added.sources):
                raise InputError(
                    f"{where}: {added.name} would read {feature.topic!r}, to which {feature.name} "
                    "writes.",
                    "Write one feature that computes both, over the stream that the other reads.",
                )
        for known, source in product((*self.sources, *added.sources), added.sources):
            if known.name == source.name and known != source:
                self._refuse_other_source(added, source, known, where)
        for feature in self:
            if added.topic == feature.topic:
                raise InputError(
                    f"{where}: {added.name} would write to {added.topic!r}, the topic of "
                    f"{feature.name}.",
                    "Choose a topic of its own.",
                )

    @staticmethod
    def _refuse_other_source(added: Feature, source: Source, known: Source, where: str) -> None:
        if source.topic == known.topic:
            raise InputError(
                f"{where}: {added.name} reads {known.topic!r}, which is declared in another way, "
                "too.",
                "Declare a topic once, and import it where it is read.",
            )
        raise InputError(
            f"{where}: {added.name} reads {source.topic!r}, whose table would be "
            f"{known.name!r}, as that of {known.topic!r}.",
            "Read one of them in a profile of its own.",
        )
