"""The screen of what the last proof of a job found besides equal rows."""
