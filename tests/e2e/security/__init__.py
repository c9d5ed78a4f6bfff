"""A broker with authentication, and its clients."""
