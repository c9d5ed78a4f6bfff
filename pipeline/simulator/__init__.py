"""Transactions from a seeded generator or from files, on their way to the topic."""
