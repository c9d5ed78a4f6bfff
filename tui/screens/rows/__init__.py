"""The results of any feature, row by row."""
