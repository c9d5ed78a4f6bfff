"""The panel Flagged: transactions flagged as fraud."""
