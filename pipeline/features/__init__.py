"""One small module per feature, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.errors import JobError

from .cumulating import cumulating
from .feature import Feature
from .flagged import flagged
from .hopping import hopping
from .rolling import rolling
from .tumbling import tumbling

BUILT_IN: tuple[Feature, ...] = (rolling, tumbling, flagged, hopping, cumulating)


def find(names: Iterable[str]) -> tuple[Feature, ...]:
    """The features of these names, in the order given; all of them for no name.

    Raises:
        JobError: There is no feature of a name.
    """
    by_name = {feature.name: feature for feature in BUILT_IN}
    wanted = tuple(names) or tuple(by_name)
    for name in wanted:
        if name not in by_name:
            raise JobError(f"There is no job named {name!r}.", f"Jobs: {', '.join(by_name)}.")
    return tuple(by_name[name] for name in wanted)


__all__ = ["BUILT_IN", "Feature", "find"]
