"""`verdicts`: who decided what on which alert, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from .common import Common, Json, print_json, print_table, running_kafka, say

if TYPE_CHECKING:
    from pipeline.labels.verdict import Verdict
    from pipeline.sources import Source

_HEADER = ("WHEN", "WHO", "WHAT", "SIGNAL", "SCORE", "RECORD", "USER", "NOTE")


def _masked(verdict: Verdict, sources: Mapping[str, Source]) -> Verdict:
    """Return a verdict as it is shown: its source may hide users, and what names a record."""
    import msgspec

    from pipeline.sources.masking import masked

    source = sources.get(verdict.source)
    if source is None:
        return verdict
    hidden = set(source.sensitive)
    changes = {
        name: masked(getattr(verdict, name))
        for name, column in (("identity", source.identity), ("user", source.user))
        if column in hidden and getattr(verdict, name)
    }
    return msgspec.structs.replace(verdict, **changes)


def verdicts(
    *,
    claims: Annotated[bool, Parameter(negative="")] = False,
    json: Json = False,
    common: Common = Common(),
) -> int:
    """Print the verdicts on alerts, the oldest first.

    Args:
        claims: Also who took an alert to look at it, and who gave it back.
    """
    from pipeline.kafka.topics import topic_names
    from pipeline.labels.verdict import CLAIMS
    from pipeline.stack import catalog
    from pipeline.stack.verdicts import given

    kafka = running_kafka(common)
    topic = kafka.topic(common.settings.labels.verdicts)
    exists = topic in topic_names(kafka)
    if not exists:
        say(f"No verdict yet: Kafka has no topic {topic}.")
    found = sorted(given(common.settings, kafka) if exists else (), key=lambda each: each.at)
    shown = [each for each in found if claims or each.decision not in CLAIMS]
    if not common.settings.show_sensitive:
        sources = {each.topic: each for each in catalog.load(common.settings).sources}
        shown = [_masked(each, sources) for each in shown]
    if json:
        print_json(shown)
    elif exists:
        rows = [
            (v.at, v.by, str(v.decision), v.signal, f"{v.score:.2f}", v.identity, v.user, v.note)
            for v in shown
        ]
        print_table(_HEADER, rows, right=(4,))
    return 0
