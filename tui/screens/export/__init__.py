"""Rows to a file: the dialog, and the thread that writes."""
