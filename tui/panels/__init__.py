"""The regions of the dashboard, a folder each."""
