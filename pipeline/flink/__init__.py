"""Feature jobs on Flink: SQL, submission, REST status and lifecycle."""
