"""The rows of any feature: the screen, its table and its empty states."""
