"""The panel Users: the latest rolling feature of each user."""
