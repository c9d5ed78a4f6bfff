"""A broker that asks who is there, and what talks to it."""
