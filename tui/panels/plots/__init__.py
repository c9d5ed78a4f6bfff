"""Throughput, flagged transactions, amounts and lag as time goes by."""
