"""What can be wrong with a record."""

from __future__ import annotations

from enum import StrEnum

Fault = tuple["Kind", str]
"""What is wrong with a record, and the details in words."""


class Kind(StrEnum):
    """What is wrong with a record, in the order in which it is checked."""

    EMPTY = "no value"
    NOT_JSON = "not JSON"
    NOT_OBJECT = "no JSON object"
    NOT_CSV = "not CSV"
    NOT_AVRO = "not Avro"
    NOT_PROTOBUF = "not Protobuf"
    UNREADABLE = "unreadable schema"
    MISSING = "field missing"
    WRONG_TYPE = "wrong type"
    PAST = "time before 1970"
    FUTURE = "time in the future"
    TIMESTAMP = "odd Kafka timestamp"
    AMOUNT = "amount out of range"
    FLAG = "flag not 0 or 1"
    LONG = "text too long"

    @property
    def stops_jobs(self) -> bool:
        """Whether a job fails at such a record, instead of leaving it out."""
        return self in (Kind.NOT_AVRO, Kind.UNREADABLE)
