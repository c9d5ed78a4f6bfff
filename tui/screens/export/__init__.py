"""Exports: the dialog, and the thread that writes the file."""
