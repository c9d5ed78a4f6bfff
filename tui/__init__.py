"""The Textual console: panels, screens, sessions and the web server for browser tabs."""
