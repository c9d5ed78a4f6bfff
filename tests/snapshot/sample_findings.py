"""A proof of a job, and what it has found."""

from __future__ import annotations

from typing import Final

from pipeline.findings import Findings, Known, Timeliness
from pipeline.proof import Outcome, Proof

from .sample_rows import NOW

PROOF: Final = Proof(outcome=Outcome.PROVED, rows=9_317, wrong=0, at=NOW - 40)
FOUND: Final = Findings(
    at=NOW - 40,
    source="transaction",
    time="trans_date_trans_time",
    user="user_id",
    timeliness=Timeliness(
        rows=9_317,
        median=0.257,
        most=1.62,
        longest=64.0,
        delays=(609, 4_180, 4_310, 168, 0, 0, 50),
        known=(
            Known(after=0.1, none=932, within=(609, 54, 470, 1_964, 5_288)),
            Known(after=1.0, none=134, within=(8_965, 11, 40, 67, 100)),
            Known(after=15.0, none=0, within=(9_267, 0, 0, 20, 30)),
        ),
    ),
)
