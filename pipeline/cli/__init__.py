"""The headless commands: everything the console does, for scripts and CI."""

from .app import app, main

__all__ = ["app", "main"]
