"""What the console counts, for Prometheus."""
