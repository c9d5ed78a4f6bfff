"""The console's terminal: signals, the order of keys, plain drawing, pictures."""
