"""The panels of the dashboard: a row, a state and a widget each."""
