"""The headless commands: everything the console does, for scripts and CI."""

from .app import command_line, main

__all__ = ["command_line", "main"]
