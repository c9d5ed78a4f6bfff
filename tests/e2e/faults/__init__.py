"""Every fault of docs/faults.md, on one stack with a console on it."""
