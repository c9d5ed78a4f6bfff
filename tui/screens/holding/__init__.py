"""The dialog that writes a test of a row."""
