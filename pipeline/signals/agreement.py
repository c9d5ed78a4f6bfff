"""What two signals say of the same records."""

from __future__ import annotations

import msgspec


class Alerts(msgspec.Struct, frozen=True):
    """Alerts of two signals, of one of them, or of neither.

    Attributes:
        fraud: Those labelled fraud.
        fraud_amount: Their amount.
        legitimate: Those labelled legitimate.
        unlabelled: Those without a label.
    """

    fraud: int
    fraud_amount: float
    legitimate: int
    unlabelled: int

    @property
    def transactions(self) -> int:
        """Their number."""
        return self.fraud + self.legitimate + self.unlabelled


class Beside(msgspec.Struct, frozen=True):
    """What two signals say of the same transactions.

    Attributes:
        first: Name of the first signal, with its threshold.
        second: Name of the second one, likewise.
        both: Alerts of both.
        only_first: Alerts of the first alone.
        only_second: Alerts of the second alone.
        neither: Transactions that are no alert of either.
        agreement: The share of transactions on which they agree; None without any.
    """

    first: str
    second: str
    both: Alerts
    only_first: Alerts
    only_second: Alerts
    neither: Alerts
    agreement: float | None
