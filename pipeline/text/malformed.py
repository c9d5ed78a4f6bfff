"""The exceptions that decoding untrusted JSON can raise."""

from __future__ import annotations

from typing import Final

import msgspec

MALFORMED: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""RecursionError comes from brackets that are nested too deeply."""
