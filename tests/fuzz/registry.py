"""The answers of a schema registry, and the records that refer to its schemas."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.streams.avro_records import encoded
from tests.streams.protobuf_records import MONEY, PAYMENT, framed, message

TRANSFER_TOPIC: Final = "transfers"
SPEND_TOPIC: Final = "account_spend"
PAYMENT_TOPIC: Final = "payments"
_AVRO_ID, _PROTOBUF_ID = 1, 2
_TRANSFER: Final = {
    "type": "record",
    "name": "Transfer",
    "fields": [
        {"name": "booked_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "account", "type": "string"},
        {
            "name": "amount",
            "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2},
        },
        {"name": "reference", "type": ["null", "string"], "default": None},
        {"name": "chargeback", "type": ["null", "boolean"], "default": None},
    ],
}
_ROW: Final = {
    "booked_at": 1_767_600_000_000,
    "account": "DE1",
    "amount": b"\x6d\xca",
    "reference": "r1",
    "chargeback": True,
}
TRANSFER_VALUE: Final = encoded(_AVRO_ID, _TRANSFER, _ROW)
PAYMENT_VALUE: Final = framed(
    _PROTOBUF_ID, [1], message("Payment", {"account": "DE1", "n": "7"}).SerializeToString()
)
_IMPORTED: Final = "shop/money.proto"


class Registry:
    """The answers of a registry with a schema of Avro and one of Protobuf that imports another."""

    def answer(self, method: str, target: str) -> tuple[int, Any]:
        """Return the status and the body of an answer to a request."""
        path = target.partition("?")[0].replace("%2F", "/").replace("%2f", "/")
        transfer = {"schema": json.dumps(_TRANSFER)}
        reference = {"name": _IMPORTED, "subject": _IMPORTED, "version": 1}
        payment = {"schemaType": "PROTOBUF", "schema": PAYMENT, "references": [reference]}
        subject = f"{TRANSFER_TOPIC}-value"
        known: dict[str, Any] = {
            "/subjects": [subject, f"{PAYMENT_TOPIC}-value", _IMPORTED],
            f"/schemas/ids/{_AVRO_ID}": transfer,
            f"/schemas/ids/{_PROTOBUF_ID}": payment,
            f"/subjects/{subject}/versions/latest": {
                "subject": subject,
                "id": _AVRO_ID,
                "version": 1,
                **transfer,
            },
            f"/subjects/{_IMPORTED}/versions/1": {
                "subject": _IMPORTED,
                "id": 3,
                "version": 1,
                "schemaType": "PROTOBUF",
                "schema": MONEY,
            },
        }
        if method == "GET" and path in known:
            return 200, known[path]
        return 404, {"error_code": 40403, "message": "Schema not found"}
