"""The panel Windows: closed windows, and the one that closes next."""
