"""Every fault of docs/faults.md, on one stack with an open console."""
