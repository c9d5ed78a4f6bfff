"""The first screen: the start, then jobs and live tables."""
