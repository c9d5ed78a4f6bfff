"""Measures a running stack against limits, for cron, CI and monitoring."""

from .exposition import exposition
from .measurements import Limits, Measurement, Readings, measure
from .read import read

__all__ = ["Limits", "Measurement", "Readings", "exposition", "measure", "read"]
