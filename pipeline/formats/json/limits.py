"""The limits of Jackson's JSON reader: Flink reads no row from a record that exceeds one.

They hold for the whole record, also for fields that no column has. Verified against Flink 2.3
(`StreamReadConstraints`).
"""

from __future__ import annotations

import re
import sys
from typing import Final

import msgspec

from pipeline.text.words import counted

_DEEPEST: Final = 1_000
_MOST_DIGITS: Final = 1_000
"""Of a number; those of its fraction and its exponent are among them."""
_LONGEST_NAME: Final = 50_000
"""In bytes of UTF-8."""
_LEAST: Final = min(_DEEPEST, _MOST_DIGITS, _LONGEST_NAME)
_NUMERIC: Final = b"0123456789.eE+-"
_AS_ZEROS: Final = bytes(ord("0") if byte in _NUMERIC else ord(" ") for byte in range(256))
_LONG_NUMBER: Final = b"0" * (_MOST_DIGITS + 1)
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_NAME: Final = re.compile(rb'"((?:[^"\\]|\\.)*+)"[ \t\r\n]*:', re.DOTALL)
_NUMBER: Final = re.compile(rb"[0-9][0-9.eE+-]*")
_DIGIT: Final = re.compile(rb"[0-9]")
_BRACKET: Final = re.compile(rb"[\[{\]}]")
_ENOUGH_FRAMES: Final = 4 * _DEEPEST


def check_limits(value: bytes) -> None:
    """Check a record's value, which need not be JSON.

    Raises:
        msgspec.DecodeError: It exceeds one of Jackson's limits.
    """
    # Nearly all records are too short for any, or have too few brackets and too short numbers.
    if len(value) <= _LEAST:
        return
    if value.count(b"[") + value.count(b"{") > _DEEPEST // 2:
        _check_depth(value)
    if _LONG_NUMBER in value.translate(_AS_ZEROS):
        _check_numbers(value)
    if len(value) > _LONGEST_NAME:
        _check_names(value)


def _check_depth(value: bytes) -> None:
    depth = deepest = 0
    for found in _BRACKET.finditer(_STRING.sub(b"", value)):
        depth += 1 if found[0] in b"[{" else -1
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise msgspec.DecodeError(
            f"it has more than {counted(_DEEPEST, 'level')}, which Flink does not read"
        )
    # msgspec counts levels as Python's frames, and stops at the limit of those.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _ENOUGH_FRAMES))


def _check_numbers(value: bytes) -> None:
    for found in _NUMBER.finditer(_STRING.sub(b'""', value)):
        if len(found[0]) > _MOST_DIGITS and len(_DIGIT.findall(found[0])) > _MOST_DIGITS:
            most = counted(_MOST_DIGITS, "digit")
            raise msgspec.DecodeError(f"a number has more than {most}, which Flink does not read")


def _check_names(value: bytes) -> None:
    for found in _NAME.finditer(value):
        if len(found[1]) > _LONGEST_NAME and _length(found[0].rstrip(b": \t\r\n")) > _LONGEST_NAME:
            most = counted(_LONGEST_NAME, "byte")
            raise msgspec.DecodeError(
                f"a field's name has more than {most}, which Flink does not read"
            )


def _length(name: bytes) -> int:
    """Length of a name, in bytes of UTF-8, without its escapes."""
    try:
        return len(str(msgspec.json.decode(name)).encode())
    except (msgspec.DecodeError, UnicodeError):
        return len(name)
