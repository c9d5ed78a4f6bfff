"""`verify`: is a live feature right?"""

from __future__ import annotations

from .common import Common, Json, print_json, say, teller


def verify(*names: str, json: Json = False, common: Common = Common()) -> int:
    """Hold live features against their own expressions evaluated on DuckDB.

    Exit code 0 when no row is missing or different, 1 otherwise.

    Args:
        names: Which features; all of them without a name.
    """
    from pipeline import features
    from pipeline.oracle.report import render
    from pipeline.runtime import Runtime

    runtime = Runtime(common.settings)
    reports = [
        runtime.verify(feature.name, teller(feature.name, over=True))
        for feature in features.find(names)
    ]
    say("", over=True)
    if json:
        print_json([{"proved": report.proved, **_fields(report)} for report in reports])
    else:
        print(render(reports))
    return 0 if all(report.proved for report in reports) else 1


def _fields(report: object) -> dict[str, object]:
    import msgspec

    fields: dict[str, object] = msgspec.to_builtins(report)
    return fields
