"""Sources and features in files as users write them, and the records of their topics."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent
