"""Fraud patterns: each plans the purchases of one episode, in the order in which they are due."""
