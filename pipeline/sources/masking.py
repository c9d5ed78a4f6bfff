"""Hides the values of sensitive fields where records are shown; no result changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import msgspec

from pipeline.text.malformed import MALFORMED

HIDDEN: Final = "••••"
_LAST: Final = 4
# A number of eight digits and more, in one or in groups; a date is none.
_NUMBER: Final = re.compile(r"\s*[0-9]{8,}\s*|\s*[0-9]{3,}(?:[ -][0-9]{3,}){2,}\s*", re.ASCII)
# From the first quotation mark to the last of its kind, since a value may have some; or a number
# that is one, or the end of one.
_QUOTED: Final = re.compile(r"""(?<!\w)(['"]).*\1|(?<![\w.])-?[0-9]{4,}[0-9.eE+-]*""")
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_DEEPEST: Final = 64


def masked(value: object) -> str:
    """Return a value as it is shown: `•••• 1385` for a long number, dots for all others."""
    written = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if isinstance(value, bool) or not _NUMBER.fullmatch(written):
        return HIDDEN
    return f"{HIDDEN} {written.strip()[-_LAST:]}"


def without_values(said: str) -> str:
    """Return what an engine says of a value that it refuses, with dots for each that it quotes."""
    return _QUOTED.sub(HIDDEN, said)


@dataclass(frozen=True, slots=True)
class Mask:
    """What is hidden of the records of a topic.

    Attributes:
        fields: Names of the fields whose values are hidden, at any depth.
        declared: Whether a source or a feature declares the topic. What cannot be read there as it
            is declared may be anything, and is hidden; in other topics it is shown.
    """

    fields: frozenset[str] = frozenset()
    declared: bool = True

    @classmethod
    def of_all(cls, masks: Iterable[Mask]) -> Mask:
        """Return one that hides what any of these hides."""
        return cls(frozenset[str]().union(*(mask.fields for mask in masks)))

    def __bool__(self) -> bool:
        return bool(self.fields)

    def value(self, field: str, value: object) -> object:
        """Return the value of a field as it is shown."""
        return masked(value) if field in self.fields and value is not None else value

    def text(self, field: str, value: object) -> str:
        """Return the value of a field as text, as it is shown."""
        return "" if value is None else str(self.value(field, value))

    def json(self, data: bytes | None) -> bytes | None:
        """Return a record's value as it is shown; what is not hidden stays as it is written."""
        if not self.fields or not data:
            return data
        try:
            return self._object(data, 0)
        except MALFORMED:
            return HIDDEN.encode() if self.declared else data

    def shown_key(self, key: bytes | None, data: bytes | None) -> bytes | None:
        """Return a record's key as it is shown.

        Args:
            key: The key.
            data: The record's value. In a declared topic, a key is shown if it is the value of a
                field that is shown; in others, if it is not that of a hidden one.
        """
        if not self.fields or not key:
            return key
        text = key.decode(errors="replace").strip().strip('"')
        hidden, open_ = self._values(data)
        shown = text in open_ if self.declared else text not in hidden
        return key if shown and text not in hidden else masked(text).encode()

    def header(self, name: str, value: bytes | None) -> bytes | None:
        """Return the value of a header as it is shown."""
        if name not in self.fields or value is None:
            return value
        return masked(value.decode(errors="replace")).encode()

    def _object(self, data: bytes, depth: int) -> bytes:
        fields = _FIELDS.decode(data)
        if depth > _DEEPEST:
            return _quoted(HIDDEN)
        parts = []
        changed = False
        for name, raw in fields.items():
            written = bytes(raw)
            shown = self._shown(name, written, depth)
            changed = changed or shown is not written
            parts.append(msgspec.json.encode(name) + b":" + shown)
        return b"{" + b",".join(parts) + b"}" if changed else data

    def _shown(self, name: str, written: bytes, depth: int) -> bytes:
        if name in self.fields:
            value = msgspec.json.decode(written)
            return written if value is None else _quoted(masked(value))
        return self._inside(written, depth + 1)

    def _inside(self, written: bytes, depth: int) -> bytes:
        match written.lstrip()[:1]:
            case b"{":
                return self._object(written, depth)
            case b"[" if b"{" in written:
                parts = [bytes(raw) for raw in _ELEMENTS.decode(written)]
                shown = [self._inside(part, depth + 1) for part in parts]
                same = all(new is old for new, old in zip(shown, parts, strict=True))
                return written if same else b"[" + b",".join(shown) + b"]"
        return written

    def _values(self, data: bytes | None) -> tuple[set[str], set[str]]:
        """Return the values of a record as texts: those that are hidden, and the others."""
        hidden, others = set[str](), set[str]()
        with suppress(*MALFORMED):
            for name, raw in _FIELDS.decode(data or b"{}").items():
                self._sort(bytes(raw), hidden if name in self.fields else others, hidden)
        return hidden, others

    def _sort(self, written: bytes, into: set[str], hidden: set[str]) -> None:
        """Add the texts and numbers of a value, at any depth, to the set that they belong to."""
        written = written.strip()
        match written[:1]:
            case b"{":
                for name, raw in _FIELDS.decode(written).items():
                    inner = hidden if name in self.fields else into
                    self._sort(bytes(raw), inner, hidden)
            case b"[":
                for raw in _ELEMENTS.decode(written):
                    self._sort(bytes(raw), into, hidden)
            case b'"':
                into.add(msgspec.json.decode(written))
            case _:
                into.add(written.decode())


OPEN: Final = Mask()
"""Hides nothing."""
MaskOf = Callable[[str], Mask]
"""Returns what is hidden in a topic, by its name in Kafka."""


def nothing(topic: str) -> Mask:
    """Hide nothing in any topic."""
    return OPEN


def _quoted(text: str) -> bytes:
    return msgspec.json.encode(text)
