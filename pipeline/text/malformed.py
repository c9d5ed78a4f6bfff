"""The exceptions that decoding untrusted JSON can raise."""

from __future__ import annotations

from typing import Final

import msgspec

MALFORMED: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""RecursionError comes from brackets that are nested too deeply."""


def malformation(error: Exception) -> str:
    """Say what is wrong with a document, as the end of a sentence; `error` is one of MALFORMED."""
    if isinstance(error, msgspec.ValidationError):
        return "a field is missing, or is not what it should be"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return "it is not JSON"
