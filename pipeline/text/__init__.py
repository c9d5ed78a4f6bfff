"""Text for people: safe for a terminal, with readable counts and paths."""
