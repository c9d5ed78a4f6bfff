"""Does the stack keep to its limits? Measurements, and the judgement of each, for cron and CI."""

from .exposition import exposition
from .measurements import Limits, Measurement, Readings, measure
from .read import read

__all__ = ["Limits", "Measurement", "Readings", "exposition", "measure", "read"]
