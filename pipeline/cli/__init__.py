"""The headless commands: everything that the console does, for scripts and CI."""

from .app import command_line, main

__all__ = ["command_line", "main"]
