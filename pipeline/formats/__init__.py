"""What the records of a source hold, by format: decoded and encoded as Flink does."""
