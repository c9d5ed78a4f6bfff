"""Labels that are held back: a transaction goes out as legitimate, its label comes later."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

import msgspec

from pipeline.contract import Transaction

# A label comes when the card's owner reads a statement, calls the bank, and somebody decides: steps
# whose durations multiply, hence a log-normal delay. With this sigma, half of the labels come
# within 0.58 to 1.7 medians and one in ten after 2.8, a long tail as chargebacks have.
_SIGMA: Final = 0.8
# About 50 MB.
MOST_PENDING: Final = 200_000

_Pending = tuple[datetime, str, int]
"""When a label is due, the transaction's number, the user's id."""


class HeldLabel(msgspec.Struct, frozen=True, gc=False):
    """What became of one transaction, as in the topic `fraud_labels`.

    Attributes:
        trans_num: Number of the transaction.
        user_id: Of the transaction's user.
        is_fraud: 1 or 0.
        labelled_at: Event time of the label.
    """

    trans_num: str
    user_id: int
    is_fraud: int
    labelled_at: datetime


class HeldLabels:
    """Labels that are pending, in memory only: they are lost when the simulator ends.

    Legitimate transactions get labels, too, so that there are figures of both classes. Beyond
    `most` pending ones, labels of legitimate transactions are left out first.

    Args:
        random: Of the delays.
        most: The most labels to hold.

    Attributes:
        delay: Median seconds of event time until a label is due; 0 leaves labels in transactions.
            A change applies to the transactions that follow.
        left_out: Labels that will never come.
    """

    def __init__(self, random: Random, most: int = MOST_PENDING) -> None:
        self._random = random
        self._most = most
        self._frauds: list[_Pending] = []
        self._legitimate: list[_Pending] = []
        self.delay = 0.0
        self.left_out = 0

    @property
    def pending(self) -> int:
        """Number of labels that are held."""
        return len(self._frauds) + len(self._legitimate)

    def hidden(self, transaction: Transaction) -> Transaction:
        """Return the transaction as it is sent: without its label if there is a delay."""
        if not self.delay or not transaction.is_fraud:
            return transaction
        return msgspec.structs.replace(transaction, is_fraud=0)

    def hold(self, transaction: Transaction) -> None:
        """Hold the label of a transaction that was sent; does nothing without a delay."""
        if not self.delay:
            return
        # Whole seconds, as in the topic, and at least one: no label is as old as its transaction.
        seconds = math.ceil(self.delay * self._random.lognormvariate(0, _SIGMA))
        due = transaction.trans_date_trans_time + timedelta(seconds=seconds)
        if self.pending >= self._most and not self._makes_room(transaction):
            return
        heap = self._frauds if transaction.is_fraud else self._legitimate
        heapq.heappush(heap, (due, transaction.trans_num, transaction.user_id))

    def due(self, now: datetime, limit: int) -> Iterator[HeldLabel]:
        """Yield the labels that are due, the earliest first; each is held until the next is asked.

        A label whose sending fails is therefore sent again.

        Args:
            now: Event time.
            limit: The most to yield.
        """
        for _ in range(limit):
            heads = [heap for heap in (self._frauds, self._legitimate) if heap]
            heap = min(heads, key=lambda each: each[0], default=None)
            if heap is None or heap[0][0] > now:
                return
            due, trans_num, user_id = heap[0]
            yield HeldLabel(trans_num, user_id, int(heap is self._frauds), due)
            heapq.heappop(heap)

    def _makes_room(self, transaction: Transaction) -> bool:
        """Leave out one label; whether there is room for that of this transaction."""
        self.left_out += 1
        if not transaction.is_fraud or not self._legitimate:
            return False
        # The last of a heap can go without reordering it, and is not the next that is due, unless
        # it is the only one.
        self._legitimate.pop()
        return True
