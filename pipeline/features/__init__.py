"""The built-in features, the registry of all features, and user-defined feature files."""

from __future__ import annotations

from .cumulating import cumulating
from .feature import Feature, feature
from .flagged import flagged
from .hopping import hopping
from .registry import Registry
from .rolling import rolling
from .tumbling import tumbling

BUILT_IN = Registry((rolling, tumbling, flagged, hopping, cumulating))

__all__ = ["BUILT_IN", "Feature", "Registry", "feature"]
