"""The console's screens and dialogs, and the panels' home, the dashboard."""
