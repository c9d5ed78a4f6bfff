"""Does the stack keep to its limits? Measurements, and the judgement of each, for cron and CI."""

from .exposition import exposition
from .judge import Limits, Measurement, Readings, judge
from .read import read

__all__ = ["Limits", "Measurement", "Readings", "exposition", "judge", "read"]
