"""What is known of a job's rows: proved, wrong, being proved, or not proved since a restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.proof import Outcome
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.session.view import JobLine

_TONES: Final = {
    Outcome.PROVED: Tone.ACCENT,
    Outcome.NOT_JUDGED: Tone.WAITS,
    Outcome.WRONG: Tone.DANGER,
}


def badge(line: JobLine, now: float) -> Sequence[Piece]:
    """Return the badge of a job; nothing before its first proof, and while it does not run."""
    proof = line.status.proof
    if line.proving:
        return [Piece(f"… proving: {text.clean(line.proving)}", Tone.WAITS)]
    if proof is None or not line.status.run:
        return []
    if line.status.proof_is_past:
        return [Piece("not proved since it restarted", Tone.WAITS)]
    behind = f", {text.integer(proof.behind)} behind" if proof.behind else ""
    # One piece, so that a narrow panel marks it once as cut.
    said = f"{proof.summary}, {text.age(now - proof.at)}{behind}"
    return [Piece(said, _TONES[proof.outcome])]
