"""Signals: scores of how likely a transaction is fraud, declared like features."""

from __future__ import annotations

from .signal import Signal, signal

__all__ = ["Signal", "signal"]
