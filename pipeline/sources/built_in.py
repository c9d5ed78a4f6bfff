"""The tutorial's stream of card transactions."""

from __future__ import annotations

from typing import Final

from pipeline import contract

from .declaration import Source
from .declared import source

TRANSACTION: Final[Source] = source(
    topic=contract.TRANSACTION_TOPIC,
    schema=contract.TRANSACTION_FIELDS,
    time=contract.TIME_COLUMN,
    watermark=contract.WATERMARK_DELAY,
    idle="10s",
    user=contract.KEY_COLUMN,
    amount="amt",
    label="is_fraud",
    identity="trans_num",
    required=contract.TRANSACTION_FIELDS,
    sensitive=("cc_num", "first", "last", "dob"),
)
