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
        return [Piece("not proved since it restarted", Tone.WAITS, shorter=("not proved",))]
    ago, sign = text.age(now - proof.at), proof.outcome.sign
    forms = [f"{proof.summary}, {ago}"]
    if proof.behind:
        forms.insert(0, f"{forms[0]}, {text.integer(proof.behind)} behind")
    if proof.outcome is Outcome.PROVED:
        # Where there is little room: that it is proved and when, rather than how many rows.
        forms += [f"{sign} proved {ago}", f"{sign} {ago}"]
    else:
        forms.append(proof.summary)
    return [Piece(forms[0], _TONES[proof.outcome], shorter=tuple(forms[1:]))]
