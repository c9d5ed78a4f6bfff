"""Ctrl+c amid a query, for whose threads DuckDB would wait, and while modules are imported."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@contextmanager
def interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let ctrl+c end the queries of a connection at once, in the main thread.

    Elsewhere, and where the signal is ignored, this does nothing.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    handler = before

    def interrupt(number: int, frame: FrameType | None) -> None:
        connection.interrupt()
        handler(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def ended_in_silence() -> Iterator[None]:
    """Let ctrl+c end the process as the system does it, for as long as there is nothing to tidy up.

    Python's own way is an exception, which would leave a traceback while modules are imported. In
    other threads, and where the signal is ignored or handled, this does nothing.
    """
    before = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()
    if not main or before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def is_interrupt(error: BaseException) -> bool:
    """Whether ctrl+c has caused an error; amid a query, DuckDB makes a RuntimeError of it."""
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, KeyboardInterrupt)
