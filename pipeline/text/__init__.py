"""Text for people: cleaned of what a terminal would obey, counts and paths as they are written."""
