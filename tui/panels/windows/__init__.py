"""Closed windows, and the one that closes next."""
