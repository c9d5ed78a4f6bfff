"""Streaming fraud features with Ibis on Flink and Kafka; usable without the console."""
