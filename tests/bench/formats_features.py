"""The tutorial's transactions in JSON and in Avro, and the same feature over each.

The feature only copies columns, so that little is measured but reading and writing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import ibis.expr.types as ir

from fraudwatch import feature
from pipeline.sources import TRANSACTION

_COLUMNS: Final = ("user_id", "trans_date_trans_time", "amt", "is_fraud")

in_json = replace(TRANSACTION, topic="transactions_in_json")
in_avro = replace(TRANSACTION, topic="transactions_in_avro", format="avro")


@feature(topic="json_as_read", source=in_json)
def json_as_read(transactions: ir.Table) -> ir.Table:
    """What Flink reads from JSON."""
    return transactions.select(*_COLUMNS)


@feature(topic="avro_as_read", source=in_avro)
def avro_as_read(transactions: ir.Table) -> ir.Table:
    """What Flink reads from Avro."""
    return transactions.select(*_COLUMNS)
