"""Records in Protobuf, and the schemas with which they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from confluent_kafka.schema_registry.serde import SchemaId
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from pipeline.formats.protobuf.compiler import compiled

MONEY = """
syntax = "proto3";
package shop.types;
import "google/type/date.proto";

message Price {
  int64 cents = 1;
  google.type.Date on = 2;
}
"""

PAYMENT = """
syntax = "proto3";
package shop;
import "confluent/meta.proto";
import "confluent/type/decimal.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "shop/money.proto";

message Refund {
  string reason = 1;
}

message Payment {
  enum Kind {
    UNKNOWN = 0;
    CARD = 1;
  }
  message Card {
    message Issuer {
      string bank = 1;
    }
    string number = 1;
    Issuer issuer = 2;
  }
  google.protobuf.Timestamp booked_at = 1;
  string account = 2 [(confluent.field_meta).doc = "IBAN"];
  confluent.type.Decimal amount = 3;
  int64 n = 4;
  Kind kind = 5;
  Card card = 6;
  repeated string tags = 7;
  map<string, uint64> counts = 8;
  optional string country = 9;
  oneof how {
    string app = 10;
    int32 branch = 11;
  }
  google.protobuf.Int64Value big = 12;
  bytes raw = 13;
  shop.types.Price price = 14;
  repeated Card cards = 15;
  map<int32, Card> by_slot = 16;
  bool ok = 17;
  map<bool, Kind> seen = 18;
}
"""

REFERENCES: Mapping[str, str] = {"shop/money.proto": MONEY}


@cache
def _pool() -> DescriptorPool:
    pool = DescriptorPool()
    for file in compiled(PAYMENT, REFERENCES).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def message(name: str, values: Mapping[str, Any]) -> Message:
    """A message of the schema above, of values as ProtoJSON has them."""
    made: Message = GetMessageClass(_pool().FindMessageTypeByName(f"shop.{name}"))()
    return json_format.ParseDict(dict(values), made)


def framed(number: int, place: Sequence[int], data: bytes) -> bytes:
    """A value with the id of its schema, and the place of its message in there."""
    return SchemaId("PROTOBUF", number, message_indexes=list(place)).id_to_bytes() + data
