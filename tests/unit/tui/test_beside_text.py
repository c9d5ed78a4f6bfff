"""The counts of two signals side by side, as text."""

from __future__ import annotations

from pipeline.signals.agreement import Alerts, Beside
from tui.panels.signals.signal_beside import Comparison
from tui.screens.beside.beside_text import counts


def test_large_amounts_do_not_touch_the_counts_beside_them() -> None:
    alerts = Alerts(20_000, 20_000 * 999_999_999.99, 20_000, 20_000)
    beside = Beside("cards", "risky", alerts, alerts, alerts, alerts, 1.0)
    _agreement, heads, *rows = (
        "".join(piece.text for piece in line) for line in counts(Comparison(80_000, beside, ()))
    )
    assert heads.split() == ["fraud", "amount", "legitimate", "unlabelled"]
    for line in rows:
        assert line.split()[-4:] == ["20,000", "19,999,999,999,800.00", "20,000", "20,000"]
        assert len(line) == len(heads) <= 78
