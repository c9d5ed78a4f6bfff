"""How the times of a stream are written."""

from __future__ import annotations

from enum import StrEnum


class TimeFormat(StrEnum):
    """How the times of a stream are written.

    Attributes:
        SQL: Text such as `2024-03-01 09:30:00` or `2024-03-01 09:30:00.250`, in UTC; in Avro, the
            logical type `timestamp-millis`; in Protobuf, `google.protobuf.Timestamp`.
        ISO: Text such as `2024-03-01T09:30:00`, with or without a fraction, `Z` or an offset such
            as `+02:00`; without one it is in UTC.
        EPOCH_S: Whole seconds since 1970; a fraction is cut off.
        EPOCH_MS: Whole milliseconds since 1970.
        EPOCH_US: Whole microseconds since 1970, cut off to milliseconds; in Avro, also the logical
            type `timestamp-micros`.
        EPOCH_NS: Whole nanoseconds since 1970, cut off to milliseconds.
    """

    SQL = "sql"
    ISO = "iso"
    EPOCH_S = "epoch-s"
    EPOCH_MS = "epoch-ms"
    EPOCH_US = "epoch-us"
    EPOCH_NS = "epoch-ns"

    @property
    def per_second(self) -> int:
        """How many of its units are a second, for times that are written as numbers."""
        return {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[self.partition("-")[2]]

    @property
    def is_number(self) -> bool:
        """Whether times are written as whole numbers since 1970."""
        return self.startswith("epoch-")

    def written_type(self, dtype: str) -> str:
        """Return the Ibis type that a column has in records, as Flink's formats can read it.

        Args:
            dtype: The column's own Ibis type.
        """
        if not dtype.startswith("timestamp") or self is TimeFormat.SQL:
            return dtype
        return "string" if self is TimeFormat.ISO else "int64"
