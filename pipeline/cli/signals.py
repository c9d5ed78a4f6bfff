"""`signals`: which signals there are, which one is live, and how that came about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pipeline.errors import ConfigError

from .common import Common, Json, print_json, print_table, say

if TYPE_CHECKING:
    from pipeline.signals.standing import Standing
    from pipeline.stack.declarations import Declared

Flag = Annotated[bool, Parameter(negative="")]
_DIGEST = 8


def signals(
    *,
    promote: Annotated[str | None, Parameter(show_default=False)] = None,
    roll_back: Flag = False,
    history: Flag = False,
    json: Json = False,
    common: Common = Common(),
) -> int:
    """Print the signals of the profile, the live one first.

    Args:
        promote: First make this signal the live one, whose alerts are worked on.
        roll_back: First make live again what was live before.
        history: Print what was promoted, and which definitions ran since when.
    """
    from pipeline.stack.declarations import Declared

    if promote is not None and roll_back:
        raise ConfigError("--promote and --roll-back exclude each other.", "Choose one.")
    declared = Declared(common.settings)
    if promote is not None:
        say(f"{declared.promote(promote).live} is the live signal now.")
    elif roll_back:
        say(f"{declared.roll_back().live} is the live signal now.")
    standing = declared.standing()
    if history:
        _print_history(standing, json=json)
    else:
        _print_signals(declared, standing, json=json)
    return 0


def _print_signals(declared: Declared, standing: Standing, *, json: bool) -> None:
    found = [sink for sink in declared.sinks() if sink.threshold is not None]
    if json:
        print_json(
            [
                {
                    "name": sink.feature,
                    "live": sink.live,
                    "threshold": sink.threshold,
                    "topic": sink.topic,
                    "source": sink.source,
                    "definition": standing.digest(sink.feature),
                    "since": sink.since,
                }
                for sink in found
            ]
        )
        return
    rows = [
        (
            sink.feature,
            "live" if sink.live else "",
            f"{sink.threshold:g}",
            sink.topic,
            standing.digest(sink.feature)[:_DIGEST],
        )
        for sink in found
    ]
    print_table(("SIGNAL", "LIVE", "THRESHOLD", "TOPIC", "DEFINITION"), rows, right=(2,))


def _print_history(standing: Standing, *, json: bool) -> None:
    if json:
        print_json(standing.changes)
        return
    rows = [
        (
            f"{datetime.fromtimestamp(change.at, UTC):%Y-%m-%dT%H:%M:%SZ}",
            change.by,
            change.signal,
            str(change.what),
            change.digest[:_DIGEST] or (f"in place of {change.before}" if change.before else ""),
        )
        for change in standing.changes
    ]
    print_table(("WHEN", "WHO", "SIGNAL", "WHAT", ""), rows)
