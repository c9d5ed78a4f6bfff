"""Streams with sensitive fields in formats that need nothing else, and features that copy them."""

from typing import Any

import ibis

from fraudwatch import feature, signal, source

TOLD: dict[str, Any] = {
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

in_json = source(topic="canary-json", **TOLD)
in_csv = source(topic="canary-csv", format="csv", **TOLD)
in_avro = source(topic="canary-avro", format="avro", **TOLD)


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


@feature(topic="canary_joined", source=(in_json, in_csv))
def canary_joined(left, right):
    """Every pair of both streams at the same moment."""
    pairs = left.join(right, [left.card == right.card, left.at == right.at])
    return pairs.select(left.at, left.card, owner=right.holder, account=left.iban)


@signal(topic="canary_scored", source=in_json)
def canary_scored(rows):
    """Amounts that are too large, with what is sensitive in the reasons."""
    much = rows.amount > 200
    return rows.select(
        *rows.columns, score=much.ifelse(0.9, 0.1), reasons=much.ifelse(rows.holder, "")
    )


@feature(topic="canary_cast", source=in_csv)
def canary_cast(rows):
    """What no row can be, so that the job fails on every record, and says on which value."""
    return rows.select("at", number=rows.holder.cast("int64"))
