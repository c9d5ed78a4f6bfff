"""Settings of labels that arrive after their records, and of verdicts."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from pipeline.contract import LABEL_TOPIC, VERDICT_TOPIC

_IDENTITY: Final = "trans_num"
Days = Annotated[float, msgspec.Meta(ge=0, le=3650)]


class LabelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where labels come from that are not in the records themselves.

    Attributes:
        topic: The topic of labels, without the profile's prefix; empty if there is none.
        identity: The field of a label with the identity of the record that it is of.
        label: The field that says whether the record is fraud.
        own: Whether a record's own label counts; not where it says nothing before a label comes.
        verdicts: The topic to which analysts' verdicts go, without the profile's prefix.
        maturity_days: Days of event time that must have passed before a record counts in figures:
            until then, its label may still be on its way.
        analyst: The name by which verdicts are signed; empty for the user's name on the machine.
    """

    topic: str = LABEL_TOPIC
    identity: str = _IDENTITY
    label: str = "is_fraud"
    own: bool = True
    verdicts: str = VERDICT_TOPIC
    maturity_days: Days = 0
    analyst: str = ""
