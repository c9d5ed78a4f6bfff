"""What is raised for JSON from outside that cannot be read."""

from __future__ import annotations

from typing import Final

import msgspec

MALFORMED: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""The last one is for brackets that are nested too deeply."""
