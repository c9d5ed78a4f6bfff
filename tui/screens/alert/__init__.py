"""One alert: why it was raised, what its user did before and after, and what is decided on it."""
