"""Flink: SQL of the jobs, submission, REST API, metrics, restore points and lifecycle."""
