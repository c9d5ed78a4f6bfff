"""Streams with sensitive fields in each format without a registry, and features that copy them."""

from typing import Any

import ibis

from fraudwatch import feature, source

_TOLD: dict[str, Any] = {
    "schema": {
        "at": "timestamp(3)",
        "iban": "string",
        "card": "int64",
        "holder": "string",
        "born": "date",
        "amount": "float64",
        "fraud": "boolean",
    },
    "time": "at",
    "user": "iban",
    "amount": "amount",
    "label": "fraud",
    "identity": "card",
    "required": ("iban", "card", "amount"),
    "sensitive": ("iban", "card", "holder", "born"),
}

in_json = source(topic="canary-json", **_TOLD)
in_csv = source(topic="canary-csv", format="csv", **_TOLD)
in_avro = source(topic="canary-avro", format="avro", **_TOLD)


@feature(topic="canary_json_as_read", source=in_json)
def canary_json_as_read(rows):
    """Every column."""
    return rows.select(*rows.columns)


@feature(topic="canary_csv_as_read", source=in_csv)
def canary_csv_as_read(rows):
    """Every column under another name."""
    return rows.select("at", who=rows.iban, number=rows.card, called=rows.holder.upper())


@feature(topic="canary_avro_names", source=in_avro)
def canary_avro_names(rows):
    """Amounts by card and hour, with the names of its holders."""
    hours = rows.window_by(rows.at).tumble(size=ibis.interval(hours=1))
    return hours.agg(
        by={"number": ibis._.card}, spent=ibis._.amount.sum(), last=ibis._.holder.max()
    )
