"""The streams of canary_sources.py in the formats that need a registry or a compiled message."""

from canary_sources import TOLD  # type: ignore[import-not-found]  # found beside it

from fraudwatch import feature, source

in_confluent = source(topic="canary-confluent", format="avro-confluent", **TOLD)
in_protobuf = source(
    topic="canary-protobuf",
    format="protobuf",
    message="canary.Payment",
    proto="canary.proto",
    **(TOLD | {"schema": TOLD["schema"] | {"born": "string"}}),
)


@feature(topic="canary_confluent_as_read", source=in_confluent)
def canary_confluent_as_read(rows):
    """Every column."""
    return rows.select(*rows.columns)


@feature(topic="canary_protobuf_as_read", source=in_protobuf)
def canary_protobuf_as_read(rows):
    """Every column under another name."""
    return rows.select("at", who=rows.iban, number=rows.card, called=rows.holder.upper())
