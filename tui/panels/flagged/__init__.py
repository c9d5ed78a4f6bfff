"""Transactions known as fraud."""
