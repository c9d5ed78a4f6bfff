"""Sends transactions to the topic, from a seeded generator or from files."""
