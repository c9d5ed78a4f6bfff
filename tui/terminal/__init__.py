"""The terminal the console is in: signals, keys in their order, plain drawing, pictures."""
