"""The dashboard: its screen, its titles and its exports."""
