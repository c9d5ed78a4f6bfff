"""What is raised for a value that cannot be decoded, whatever its format."""

from __future__ import annotations


class UndecodableError(Exception):
    """A value that is not what it should be, or that nobody can decode; its text says why."""
