"""The console's metrics for Prometheus."""
