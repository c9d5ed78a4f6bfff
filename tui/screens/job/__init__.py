"""The screen of one job: its metrics, definition, exceptions and state."""
