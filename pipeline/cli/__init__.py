"""The headless commands: everything that the console does, for scripts and CI.

Imports nothing, since the console takes `terminal` from here before its first paint.
"""
