"""One user in event time."""
