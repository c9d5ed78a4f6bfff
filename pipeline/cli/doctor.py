"""`doctor`: what may keep fraudwatch from working on this machine?"""

from __future__ import annotations

import dataclasses

from pipeline.text.sanitise import sanitised

from .common import Common, Json, print_json
from .marks import Mark, marked

_WIDTH = 17


def doctor(*, json: Json = False, common: Common = Common()) -> int:
    """Check settings, Java, jars, disk, ports, and the stack if it runs; changes nothing.

    Exit code 0 when nothing failed, otherwise that of the first failure.
    """
    from pipeline.checks.doctor import examine

    findings = []
    for finding in examine(lambda: common.settings):
        findings.append(finding)
        if not json:
            mark = marked(Mark[finding.outcome.name])
            print(f"{mark} {finding.check:<{_WIDTH}} {sanitised(finding.found)}", flush=True)
            if finding.hint:
                print(f"  {'':<{_WIDTH}} {sanitised(finding.hint)}", flush=True)
    if json:
        print_json([dataclasses.asdict(finding) for finding in findings])
    return next((finding.exit_code for finding in findings if finding.exit_code), 0)
