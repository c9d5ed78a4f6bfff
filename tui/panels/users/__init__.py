"""The latest rolling feature of each user."""
